//! The functions of `milopt.h`. What each takes and gives is said there.

#![allow(unsafe_code, reason = "exported to C, and handed its pointers on to `border`")]
#![allow(clippy::missing_safety_doc, reason = "milopt.h says what is safe for all of them")]

use std::ffi::{c_char, c_void};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use milopt::embed::{Call, Fault, Model};
use milopt::ir::Program;
use milopt::pass::{Instrument, PassEvent, Pipeline, Runner};
use serde::Deserialize;

use crate::border::{bytes, free, guarded, object, object_mut, put, text};

/// `milopt_model`.
#[derive(Debug)]
pub struct MiloptModel(Model);

/// `milopt_text`: text or bytes that the library made.
#[derive(Debug)]
pub struct MiloptText(Vec<u8>);

/// `milopt_error`.
#[derive(Debug)]
pub struct MiloptError {
    message: String,
    kind: &'static str,
    code: &'static str,
    place: String,
}

impl From<Fault> for MiloptError {
    fn from(fault: Fault) -> MiloptError {
        let (code, place) = fault.rule.unwrap_or_default();
        MiloptError { message: fault.message, kind: fault.kind.name(), code, place }
    }
}

/// `milopt_progress`: answers whether to go on.
pub type MiloptProgress = Option<extern "C" fn(user: *mut c_void, done: u64, total: u64) -> bool>;

/// A request, read from JSON; none at all is one without wishes.
fn request<T: Default + for<'de> Deserialize<'de>>(json: &str) -> Result<T, Fault> {
    if json.is_empty() {
        return Ok(T::default());
    }
    serde_json::from_str(json).map_err(|error| Fault::input(format!("request: {error}")))
}

/// The version of the library, with a NUL behind it.
#[unsafe(no_mangle)]
pub extern "C" fn milopt_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// Opens a model.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn milopt_open(
    path: *const c_char,
    path_len: usize,
    model: *mut *mut MiloptModel,
) -> *mut MiloptError {
    guarded(|| {
        // SAFETY: as `milopt.h` says.
        let path = unsafe { text(path, path_len) }?;
        let opened = MiloptModel(Model::open(Path::new(path))?);
        // SAFETY: as `milopt.h` says.
        unsafe { put(model, opened) };
        Ok(())
    })
}

/// Reads a model from memory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn milopt_open_bytes(
    message: *const u8,
    message_len: usize,
    weights: *const u8,
    weights_len: usize,
    model: *mut *mut MiloptModel,
) -> *mut MiloptError {
    guarded(|| {
        // SAFETY: as `milopt.h` says.
        let (message, held) = unsafe { (bytes(message, message_len), bytes(weights, weights_len)) };
        let held = (!weights.is_null()).then_some(held);
        let opened = MiloptModel(Model::from_bytes(message, held)?);
        // SAFETY: as `milopt.h` says.
        unsafe { put(model, opened) };
        Ok(())
    })
}

/// Reads MIL text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn milopt_parse(
    source: *const c_char,
    source_len: usize,
    model: *mut *mut MiloptModel,
) -> *mut MiloptError {
    guarded(|| {
        // SAFETY: as `milopt.h` says.
        let source = unsafe { text(source, source_len) }?;
        let parsed = MiloptModel(Model::from_text(source)?);
        // SAFETY: as `milopt.h` says.
        unsafe { put(model, parsed) };
        Ok(())
    })
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RunRequest {
    pipeline: Option<serde_json::Value>,
    compress: Option<serde_json::Value>,
    target: Option<String>,
    no_verify: bool,
}

/// Tells C how far a run is, and hears whether to go on.
struct Watcher {
    progress: extern "C" fn(*mut c_void, u64, u64) -> bool,
    user: *mut c_void,
    total: usize,
    cancel: Arc<AtomicBool>,
}

impl Instrument for Watcher {
    fn before_pass(&mut self, event: &PassEvent<'_>, _: &Program) {
        if !(self.progress)(self.user, event.index as u64, self.total as u64) {
            self.cancel.store(true, Ordering::Relaxed);
        }
    }
}

/// Rewrites a model.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn milopt_run(
    model: *mut MiloptModel,
    wishes: *const c_char,
    wishes_len: usize,
    progress: MiloptProgress,
    user: *mut c_void,
    report: *mut *mut MiloptText,
) -> *mut MiloptError {
    guarded(|| {
        // SAFETY: as `milopt.h` says.
        let (model, wishes) = unsafe { (object_mut(model, "model")?, text(wishes, wishes_len)?) };
        let wishes: RunRequest = request(wishes)?;
        let pipeline = match (wishes.pipeline, wishes.compress) {
            (Some(_), Some(_)) => {
                return Err(Fault::input("request: pipeline and compress are two requests"));
            }
            (Some(serde_json::Value::String(text)), None) => text,
            (Some(steps), None) => steps.to_string(),
            (None, Some(configs)) if configs.is_array() => model.0.compression(&configs.to_string())?,
            (None, Some(config)) => model.0.compression(&format!("[{config}]"))?,
            (None, None) => "[]".to_owned(),
        };
        let runner = |passes: &Pipeline| {
            let runner = Runner::new().verify(!wishes.no_verify);
            let Some(progress) = progress else { return runner };
            let cancel = Arc::new(AtomicBool::new(false));
            let total = passes.passes().count();
            runner.cancel(cancel.clone()).instrument(Watcher { progress, user, total, cancel })
        };
        let done = model.0.run(&pipeline, wishes.target.as_deref(), runner)?;
        // SAFETY: as `milopt.h` says.
        unsafe { put(report, MiloptText(done.into_bytes())) };
        Ok(())
    })
}

/// A report that needs no request.
macro_rules! report {
    ($(#[$doc:meta])* $name:ident, $model:ident => $report:expr) => {
        $(#[$doc])*
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(
            model: *const MiloptModel,
            report: *mut *mut MiloptText,
        ) -> *mut MiloptError {
            guarded(|| {
                // SAFETY: as `milopt.h` says.
                let $model = &unsafe { object(model, "model") }?.0;
                let found: String = $report;
                // SAFETY: as `milopt.h` says.
                unsafe { put(report, MiloptText(found.into_bytes())) };
                Ok(())
            })
        }
    };
}

report! {
    /// The rules that a model breaks.
    milopt_verify, model => model.verify()
}
report! {
    /// What is in a model.
    milopt_inspect, model => model.inspect()?
}
report! {
    /// A model as text that reads back the same.
    milopt_print, model => model.text(true)?
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct EstimateRequest {
    chip: String,
    os: String,
    units: String,
    form: String,
    title: String,
}

impl Default for EstimateRequest {
    fn default() -> EstimateRequest {
        EstimateRequest {
            chip: "M4".into(),
            os: "26".into(),
            units: "cpu-and-ne".into(),
            form: "json".into(),
            title: "model".into(),
        }
    }
}

/// Where the ops of a model would run.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn milopt_estimate(
    model: *const MiloptModel,
    wishes: *const c_char,
    wishes_len: usize,
    report: *mut *mut MiloptText,
) -> *mut MiloptError {
    guarded(|| {
        // SAFETY: as `milopt.h` says.
        let (model, wishes) = unsafe { (object(model, "model")?, text(wishes, wishes_len)?) };
        let wishes: EstimateRequest = request(wishes)?;
        let found = model.0.estimate(&wishes.chip, &wishes.os, &wishes.units, &wishes.title)?;
        let form = match wishes.form.as_str() {
            "json" => found.json,
            "text" => found.text,
            "html" => found.page,
            other => return Err(Fault::input(format!("form {other}: expected json, text or html"))),
        };
        // SAFETY: as `milopt.h` says.
        unsafe { put(report, MiloptText(form.into_bytes())) };
        Ok(())
    })
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct EvalRequest {
    member: Option<String>,
    function: Option<String>,
    outputs: Vec<String>,
}

/// Runs a function of a model once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn milopt_eval(
    model: *const MiloptModel,
    wishes: *const c_char,
    wishes_len: usize,
    inputs: *const u8,
    inputs_len: usize,
    states: *const u8,
    states_len: usize,
    outputs: *mut *mut MiloptText,
    states_after: *mut *mut MiloptText,
) -> *mut MiloptError {
    guarded(|| {
        // SAFETY: as `milopt.h` says.
        let (model, wishes) = unsafe { (object(model, "model")?, text(wishes, wishes_len)?) };
        let EvalRequest { member, function, outputs: chosen } = request(wishes)?;
        // SAFETY: as `milopt.h` says.
        let (inputs, held) = unsafe { (bytes(inputs, inputs_len), bytes(states, states_len)) };
        let call = Call { member, function, outputs: chosen };
        let held = (!states.is_null()).then_some(held);
        let (mut results, after) = model.0.eval(&call, &[inputs], held)?;
        // SAFETY: as `milopt.h` says.
        unsafe {
            put(outputs, MiloptText(results.pop().unwrap_or_default()));
            put(states_after, MiloptText(after));
        }
        Ok(())
    })
}

/// How a second model differs from a first.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn milopt_diff(
    first: *const MiloptModel,
    second: *const MiloptModel,
    report: *mut *mut MiloptText,
) -> *mut MiloptError {
    guarded(|| {
        // SAFETY: as `milopt.h` says.
        let (first, second) =
            unsafe { (object(first, "the first model")?, object(second, "the second model")?) };
        let found = first.0.diff(&second.0)?.json;
        // SAFETY: as `milopt.h` says.
        unsafe { put(report, MiloptText(found.into_bytes())) };
        Ok(())
    })
}

/// Writes a model.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn milopt_save(
    model: *const MiloptModel,
    path: *const c_char,
    path_len: usize,
) -> *mut MiloptError {
    guarded(|| {
        // SAFETY: as `milopt.h` says.
        let (model, path) = unsafe { (object(model, "model")?, text(path, path_len)?) };
        model.0.save(path)
    })
}

/// The bytes of a text, and how many they are.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn milopt_text_data(text: *const MiloptText, len: *mut usize) -> *const c_char {
    // SAFETY: as `milopt.h` says.
    let held: &[u8] = unsafe { object(text, "text") }.map_or(&[], |text| &text.0);
    // SAFETY: as `milopt.h` says.
    if let Some(len) = unsafe { len.as_mut() } {
        *len = held.len();
    }
    held.as_ptr().cast()
}

/// What an error says. `part` is 0 for the message, 1 for whose fault it is, 2 for the rule, 3 for the place.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn milopt_error_part(
    error: *const MiloptError,
    part: i32,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: as `milopt.h` says.
    let found: &str = match (unsafe { object(error, "error") }, part) {
        (Ok(error), 0) => &error.message,
        (Ok(error), 1) => error.kind,
        (Ok(error), 2) => error.code,
        (Ok(error), 3) => &error.place,
        _ => "",
    };
    // SAFETY: as `milopt.h` says.
    if let Some(len) = unsafe { len.as_mut() } {
        *len = found.len();
    }
    found.as_ptr().cast()
}

/// Frees a model.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn milopt_model_free(model: *mut MiloptModel) {
    // SAFETY: as `milopt.h` says.
    unsafe { free(model) }
}

/// Frees a text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn milopt_text_free(text: *mut MiloptText) {
    // SAFETY: as `milopt.h` says.
    unsafe { free(text) }
}

/// Frees an error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn milopt_error_free(error: *mut MiloptError) {
    // SAFETY: as `milopt.h` says.
    unsafe { free(error) }
}
