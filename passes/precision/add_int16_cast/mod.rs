use mil_ir::{NewOp, OpId, Operand, Release, ValueId};
use mil_ops::Call;
use mil_pass::{Alias, Matched, No, OptionMap, Rewrite, pass};
use mil_tensor::{DType, Tensor};

pass! {
    /// Makes `gather`, `gather_along_axis`, `gather_nd`, `squeeze` and `topk` take 16-bit integers.
    ///
    /// Each int32 operand that may be narrower is cast, and each result that thereby becomes narrow is cast
    /// back. The type is chosen for each parameter on its own: a constant becomes uint16 if its elements fit,
    /// or else int16; what was cast from a 16-bit type goes back to it; indices become int16 where the axes
    /// that they name have at most 32767 elements. Other values may have any number, and stay unless
    /// `assume_fits` says that they fit, as coremltools assumes. Opsets before iOS17 have no such casts.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 3]> x, tensor<int32, [1]> i) {
    ///     int32 axis = const()[name = string("axis"), val = int32(0)];
    ///     tensor<fp32, [1, 3]> y = gather(axis = axis, indices = i, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 3]> x, tensor<int32, [1]> i) {
    ///     int32 axis = const()[name = string("axis"), val = int32(0)];
    ///     string y_dtype_0 = const()[name = string("y_dtype_0"), val = string("int16")];
    ///     tensor<int16, [1]> i_to_int16 = cast(dtype = y_dtype_0, x = i)[name = string("i_to_int16")];
    ///     tensor<fp32, [1, 3]> y = gather(axis = axis, indices = i_to_int16, x = x)[name = string("y_cast_int16")];
    /// } -> (y);
    /// ```
    pub struct AddInt16Cast {
        /// Integers of which nothing is known fit into 16 bits.
        pub assume_fits: bool = false,
    }
    id: "add_int16_cast",
    numerics: Exact,
    aliases: [Alias { id: "common::add_int16_cast", adapt }],
    patterns: [
        /// An op that takes 16-bit integers
        narrow(gather | gather_along_axis | gather_nd | squeeze | topk) with options,
    ],
}

/// coremltools assumes that what it casts fits.
fn adapt(mut options: OptionMap) -> Result<OptionMap, String> {
    options.entry("assume_fits").or_insert(true.into());
    Ok(options)
}

fn narrow(pass: &AddInt16Cast, rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let casts_exist = rw.opset().release().is_some_and(|release| release >= Release::IOS17);
    No::unless(casts_exist, "the opset has no casts to 16-bit integers")?;
    let call = rw.call(op)?;
    let version = call.version();
    let mut casts: Vec<(&'static str, Operand, DType)> = Vec::new();
    for param in version.params {
        let operand = call
            .operand(param.name)
            .filter(|&operand| call.operand_type(operand).dtype() == Some(DType::Int32));
        let Some(operand) = operand else { continue };
        let Some(dtype) = pass.narrow_type(rw, op, param.name)? else { continue };
        if version.dtypes(param).is_some_and(|types| types.contains(&dtype)) {
            casts.push((param.name, operand.clone(), dtype));
        }
    }
    let narrow_places = rw.is(op, &["topk"])
        && version.param("output_indices_dtype").is_some()
        && call.string("output_indices_dtype")? == "int32"
        && pass.axes_have_at_most(&call, 1 << 16)?;
    No::unless(!casts.is_empty() || narrow_places, "nothing can be narrower")?;
    let label = rw.graph().label(op).clone();
    let mut new = rw.like(op)?.named(format!("{label}_cast_int16"));
    let names: Vec<_> =
        rw.graph().op(op).results().iter().map(|&value| rw.graph().value(value).name().clone()).collect();
    let types: Vec<_> = rw.graph().op(op).results().iter().map(|&value| rw.ty(value).clone()).collect();
    new.results = names
        .iter()
        .zip(&types)
        .map(|(name, ty)| (format!("{name}_cast_int16").into(), ty.clone()))
        .collect();
    if narrow_places {
        new = new.set("output_indices_dtype", Tensor::string("uint16"));
    }
    for (param, operand, dtype) in casts {
        let base = operand.value().map_or(label.clone(), |value| rw.graph().value(value).name().clone());
        let cast = NewOp::new("cast").named(format!("{base}_to_{dtype}")).with("x", operand);
        let narrow = rw.emit_one(cast.with("dtype", Tensor::string(dtype.to_string())), op)?;
        new = new.set(param, narrow);
    }
    let mut values: Vec<ValueId> = rw.emit(new, op)?;
    for (value, ty) in values.iter_mut().zip(&types) {
        if let Some(dtype) = ty.dtype().filter(|&dtype| rw.ty(*value).dtype() != Some(dtype)) {
            let back = NewOp::new("cast").with("x", *value).with("dtype", Tensor::string(dtype.to_string()));
            *value = rw.emit_one(back.named(format!("{label}_to_{dtype}")), op)?;
        }
    }
    rw.replace_with_new(op, &values, &[])
}

impl AddInt16Cast {
    /// The type of 16 bits that an int32 parameter may have.
    fn narrow_type(&self, rw: &Rewrite<'_>, op: OpId, param: &str) -> Result<Option<DType>, No> {
        let call = rw.call(op)?;
        if let Some(constant) = call.constant(param) {
            let fits = |low: f64, high: f64| constant.all(|value| low <= value && value <= high);
            return Ok(match (fits(0.0, 65535.0)?, fits(-32768.0, 32767.0)?) {
                (true, _) => Some(DType::Uint16),
                (_, true) => Some(DType::Int16),
                _ => None,
            });
        }
        let widened = rw.graph().producer(op, param).filter(|&producer| rw.is(producer, &["cast"]));
        match widened.and_then(|cast| rw.graph().input(cast, "x")).and_then(|value| rw.ty(value).dtype()) {
            Some(DType::Uint16) => return Ok(Some(DType::Uint16)),
            Some(DType::Int16 | DType::Int8 | DType::Uint8 | DType::Bool) => return Ok(Some(DType::Int16)),
            _ => {}
        }
        let fits = if param == "indices" { self.axes_have_at_most(&call, 32767)? } else { self.assume_fits };
        Ok(fits.then_some(DType::Int16))
    }

    /// The axes of `x` that indices name have at most so many elements each; an unknown size is taken for
    /// granted only by assumption.
    fn axes_have_at_most(&self, call: &Call<'_>, most: u64) -> Result<bool, No> {
        let Some(dims) = call.dims("x")? else { return Ok(self.assume_fits) };
        let named = if call.def().name == "gather_nd" {
            let batch = usize::try_from(call.int("batch_dims")?).unwrap_or(usize::MAX);
            dims.get(batch..).unwrap_or_default()
        } else {
            std::slice::from_ref(&dims[call.axis("axis", dims.len())?])
        };
        Ok(named.iter().all(|dim| dim.fixed().map_or(self.assume_fits, |size| size <= most)))
    }
}
