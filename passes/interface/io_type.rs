//! What an input or output is to be.

use mil_ir::ColorSpace;
use mil_pass::OptionValue;
use mil_tensor::DType;
use serde_json::{Value, json};

use super::Preprocessing;

/// An array of an element type, or an image; and what happens to the numbers on the way.
#[derive(Clone, Debug, PartialEq)]
pub struct IoType {
    /// Array or image.
    pub form: Form,
    /// Inputs: what the program computes with is this of what the app hands over. Outputs: what the app gets
    /// is this of what the program computes.
    pub numbers: Preprocessing,
}

/// Array or image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// An array with these elements.
    Array(DType),
    /// An image with these pixels.
    Image(ColorSpace),
}

impl Form {
    fn read(text: &str) -> Option<Form> {
        let dtypes = [DType::Fp16, DType::Fp32, DType::Int32, DType::Int8];
        let array = dtypes.into_iter().find(|dtype| dtype.to_string() == text).map(Form::Array);
        array.or_else(|| ColorSpace::ALL.into_iter().find(|space| space.name() == text).map(Form::Image))
    }

    pub(super) fn name(self) -> String {
        match self {
            Form::Array(dtype) => dtype.to_string(),
            Form::Image(space) => space.name().to_owned(),
        }
    }
}

/// A word, or an object with `type` and what `Preprocessing` has.
impl OptionValue for IoType {
    fn read(value: &Value) -> Result<IoType, String> {
        let expected = "fp16, fp32, int32, int8, rgb, bgr, grayscale or grayscale_fp16, or an object with one of \
                        them as `type` and with `scale` and `bias`";
        let form = |value: &Value| value.as_str().and_then(Form::read).ok_or_else(|| expected.to_owned());
        let Some(fields) = value.as_object() else {
            return Ok(IoType { form: form(value)?, numbers: Preprocessing::default() });
        };
        let mut rest = fields.clone();
        let form = form(&rest.shift_remove("type").unwrap_or_default())?;
        let numbers = Preprocessing::read(&rest.into()).map_err(|_| expected)?;
        Ok(IoType { form, numbers })
    }

    fn write(&self) -> Value {
        if self.numbers == Preprocessing::default() {
            return self.form.name().into();
        }
        let mut value = self.numbers.write();
        value["type"] = json!(self.form.name());
        value
    }
}
