//! `milopt run`, killed at any moment: what stands at the output is the old model or the new one, whole.
//!
//! `MILOPT_KILLS` is the number of kills for each of the six ways to write, 20 where it is not set; `MILOPT`
//! another binary than the one that was built for the test:
//!
//! ```text
//! MILOPT_KILLS=1000 cargo test --release -p milopt-cli --test kill -- --nocapture
//! ```

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "how often each outcome was seen")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Elements of the weight: enough to be caught in the middle of writing it.
const ELEMENTS: usize = 1 << 18;

/// How a model is written.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    New,
    Over,
    InPlace,
}

#[test]
fn a_killed_run_leaves_the_old_package_or_the_new() {
    kill("mlpackage");
}

#[test]
fn a_killed_run_leaves_the_old_text_with_its_weights_or_the_new() {
    kill("mil");
}

fn kill(form: &str) {
    let kills =
        std::env::var("MILOPT_KILLS").map_or(20, |kills| kills.parse().expect("MILOPT_KILLS: a number"));
    for way in [Way::New, Way::Over, Way::InPlace] {
        Trial::new(form, way).run(kills);
    }
}

struct Trial {
    folder: tempfile::TempDir,
    way: Way,
    /// What is run, but for the output.
    input: PathBuf,
    output: PathBuf,
    /// Where the old model stands to be copied from.
    old: PathBuf,
    new: Model,
}

/// A model as files, by their path from the folder around it: those of a package, or a text and what it
/// refers to.
type Model = BTreeMap<String, Vec<u8>>;

impl Trial {
    fn new(form: &str, way: Way) -> Trial {
        let folder = tempfile::tempdir().unwrap();
        let sources = folder.path().join("sources");
        fs::create_dir(&sources).unwrap();
        let output = folder.path().join("out").join(format!("x.{form}"));
        let make = |fill: u8| {
            let text = write_source(&sources, fill);
            let stands = sources.join(format!("{fill}")).join(format!("x.{form}"));
            fs::create_dir(stands.parent().unwrap()).unwrap();
            command(&text, &stands, false).status().unwrap();
            stands
        };
        let (old, other) = (make(1), make(2));
        fs::create_dir(folder.path().join("out")).unwrap();
        let input = if way == Way::InPlace { output.clone() } else { other };
        let mut trial = Trial { folder, way, input, output, old, new: Model::new() };
        trial.reset();
        assert!(trial.command().status().unwrap().success());
        trial.new = model(&trial.output).unwrap();
        trial
    }

    fn command(&self) -> Command {
        command(&self.input, &self.output, true)
    }

    /// Puts things as they were before a run.
    fn reset(&self) {
        let folder = self.output.parent().unwrap();
        fs::remove_dir_all(folder).unwrap();
        fs::create_dir(folder).unwrap();
        if self.way != Way::New {
            copy(self.old.parent().unwrap(), folder);
        }
    }

    fn run(&self, kills: u32) {
        let old = (self.way != Way::New).then(|| model(&self.old).unwrap());
        let mut whole = Duration::ZERO;
        let mut seen = [0; 3];
        for round in 0..kills {
            // How long a run takes depends on what else the machine does.
            if round % 20 == 0 {
                self.reset();
                let begin = Instant::now();
                assert!(self.command().status().unwrap().success());
                whole = begin.elapsed();
            }
            self.reset();
            let mut child = self.command().spawn().unwrap();
            // Moments that are spread over the run, and a little beyond.
            std::thread::sleep(whole.mul_f64(f64::from(round * 37 % kills) / f64::from(kills) * 1.2));
            let _ = child.kill();
            child.wait().unwrap();
            let found = model(&self.output);
            let place = [&None, &old, &Some(self.new.clone())].into_iter().position(|known| *known == found);
            let allowed = match (place, self.way) {
                (Some(0), way) => way == Way::New,
                (Some(_), _) => true,
                (None, _) => false,
            };
            assert!(allowed, "{} {:?}: round {round}: neither old nor new", self.output.display(), self.way);
            seen[place.unwrap()] += 1;
        }
        // A writer that is not killed finds what the others left and takes it away.
        assert!(self.command().status().unwrap().success());
        let hidden = fs::read_dir(self.output.parent().unwrap()).unwrap().flatten();
        let hidden = hidden.filter(|entry| entry.file_name().to_string_lossy().starts_with('.'));
        assert_eq!(hidden.count(), 0);
        let name = self.output.file_name().unwrap().to_string_lossy();
        let whole = Duration::from_millis(whole.as_millis() as u64);
        println!("{name} {:?}: {kills} kills in runs of {whole:?}: nothing, old, new {seen:?}", self.way);
        let _ = &self.folder;
    }
}

fn command(input: &Path, output: &Path, rewrite: bool) -> Command {
    let program = std::env::var_os("MILOPT").unwrap_or_else(|| env!("CARGO_BIN_EXE_milopt").into());
    let mut command = Command::new(program);
    command.arg("run").arg(input).arg("-o").arg(output);
    if rewrite {
        command.args(["--pass", "add_fp16_cast"]);
    }
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// A program with one large weight, in a file beside it.
fn write_source(folder: &Path, fill: u8) -> PathBuf {
    let size = ELEMENTS * 4;
    let mut weights = vec![0; 128];
    weights[0] = 1;
    weights[4] = 2;
    weights[64..68].copy_from_slice(&0xDEAD_BEEF_u32.to_le_bytes());
    weights[68] = 2;
    weights[72..80].copy_from_slice(&(size as u64).to_le_bytes());
    weights[80..88].copy_from_slice(&128_u64.to_le_bytes());
    for element in 0..ELEMENTS {
        weights.extend((element as f32 * f32::from(fill) * 1e-4).to_le_bytes());
    }
    let name = format!("{fill}.bin");
    fs::write(folder.join(&name), weights).unwrap();
    let text = format!(
        r#"program(1.3)
{{
    func main<ios18>(tensor<fp32, [{ELEMENTS}]> x) {{
        tensor<fp32, [{ELEMENTS}]> w = const()[name = string("w"), val = tensor<fp32, [{ELEMENTS}]>(BLOBFILE(path = string("@model_path/{name}"), offset = uint64(64)))];
        tensor<fp32, [{ELEMENTS}]> y = add(x = x, y = w)[name = string("y")];
    }} -> (y);
}}
"#
    );
    let path = folder.join(format!("{fill}.mil"));
    fs::write(&path, text).unwrap();
    path
}

/// The model at a path; `None` if nothing stands there.
fn model(path: &Path) -> Option<Model> {
    if path.is_dir() {
        let mut found = Model::new();
        let mut stack = vec![path.to_owned()];
        while let Some(folder) = stack.pop() {
            for entry in fs::read_dir(folder).unwrap().flatten() {
                match entry.path().is_dir() {
                    true => stack.push(entry.path()),
                    false => {
                        let name = entry.path().strip_prefix(path).unwrap().to_string_lossy().into_owned();
                        found.insert(name, fs::read(entry.path()).unwrap());
                    }
                }
            }
        }
        return Some(found);
    }
    let text = fs::read_to_string(path).ok()?;
    let mut found = Model::new();
    for (at, start) in text.match_indices("@model_path/") {
        let name = text[at + start.len()..].split('"').next().unwrap();
        // A file that is not there is torn, and equal to no model.
        found.insert(name.to_owned(), fs::read(path.with_file_name(name)).unwrap_or_default());
    }
    found.insert("x.mil".to_owned(), text.into_bytes());
    Some(found)
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().flatten() {
        let place = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir(&place).unwrap();
            copy(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), place).unwrap();
        }
    }
}
