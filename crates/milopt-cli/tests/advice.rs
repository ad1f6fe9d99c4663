//! The command that an estimate ends with: it runs as it is printed, and the model that it writes has the
//! numbers that were promised. No estimate ends with a command that changes nothing.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn milopt(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_milopt")).current_dir(folder).args(arguments).output().unwrap()
}

fn json(folder: &Path, arguments: &[&str]) -> Value {
    let output = milopt(folder, arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Every fixture that holds a program.
fn models() -> Vec<PathBuf> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let mut found: Vec<PathBuf> = std::fs::read_dir(fixtures)
        .unwrap()
        .map(|entry| entry.unwrap().path().canonicalize().unwrap())
        .filter(|path| path.extension().is_some_and(|ending| ending == "mlpackage" || ending == "mil"))
        .collect();
    found.sort();
    found.retain(|path| milopt(Path::new("."), &["estimate", path.to_str().unwrap()]).status.success());
    assert!(!found.is_empty());
    found
}

/// The command in the last line of a report, and the numbers after it.
fn last_line(report: &str) -> Option<(String, String)> {
    let (command, numbers) = report.lines().last()?.strip_prefix('`')?.split_once("`: ")?;
    Some((command.to_owned(), numbers.to_owned()))
}

fn summed(estimate: &Value, key: &str) -> f64 {
    // Of a pipeline model, each member that is a program.
    let programs = estimate["programs"].as_array().map_or(std::slice::from_ref(estimate), Vec::as_slice);
    let functions = programs.iter().flat_map(|program| program["functions"].as_object().unwrap().values());
    functions.map(|function| function["summary"][key].as_f64().unwrap()).sum()
}

#[test]
fn the_advised_command_keeps_its_promise() {
    for model in models() {
        for target in [["--chip", "M4", "--os", "26"], ["--chip", "M1", "--os", "macOS14.5"]] {
            let folder = tempfile::tempdir().unwrap();
            let path = model.to_str().unwrap();
            let asked = [&["estimate", path][..], &target].concat();
            let output = milopt(folder.path(), &asked);
            let report = String::from_utf8(output.stdout).unwrap();
            let found = json(folder.path(), &[&asked[..], &["--json"]].concat());
            let Some((command, numbers)) = last_line(&report) else {
                assert!(found["advice"].is_null(), "{path}: advice that is not printed");
                continue;
            };
            let advice = &found["advice"];
            assert_eq!(advice["command"], command);
            let words: Vec<&str> = command.split(' ').collect();
            let ["milopt", "run", input, "-o", written, "--pipeline", _] = words[..] else {
                panic!("{command}");
            };
            assert_eq!(input, path, "the real name of the file");
            let run = milopt(folder.path(), &words[1..]);
            assert!(run.status.success(), "{command}: {}", String::from_utf8_lossy(&run.stderr));
            let after = json(folder.path(), &[&["estimate", written][..], &target, &["--json"]].concat());
            for key in ["cost_ms", "ops", "ane_ops", "segments"] {
                assert_eq!(summed(&after, key), advice["after"][key].as_f64().unwrap(), "{command}: {key}");
            }
            let ops = format!("{} of {} ops, ", advice["after"]["ane_ops"], advice["after"]["ops"]);
            assert!(numbers.starts_with(&ops), "{numbers}");
            let (before, reached) = (summed(&found, "cost_ms"), summed(&after, "cost_ms"));
            assert!(
                reached < 0.99 * before || summed(&after, "segments") < summed(&found, "segments"),
                "{command} gains nothing: {before} to {reached}"
            );
            // Of what it wrote, the same is not advised again.
            assert_ne!(after["advice"]["pipeline"], advice["pipeline"], "{command}");
        }
    }
}

#[test]
fn no_named_pipeline_does_better_than_what_is_advised() {
    for model in models() {
        let path = model.to_str().unwrap();
        let found = json(Path::new("."), &["estimate", path, "--json"]);
        let best = found["advice"]["after"]["cost_ms"].as_f64().unwrap_or_else(|| summed(&found, "cost_ms"));
        for pipeline in ["cleanup", "default", "default,add_fp16_cast", "add_fp16_cast,default", "fp16"] {
            let tried = json(Path::new("."), &["estimate", path, "--what-if", pipeline, "--json"]);
            // What saves less than one percent is not advised.
            assert!(best <= 1.0102 * summed(&tried, "cost_ms"), "{path}: {pipeline}");
        }
    }
}

#[test]
fn what_was_done_is_not_advised_again() {
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/star_hourglass.mlpackage");
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.html");
    let what_if = ["estimate", fixture, "--what-if", "fp16", "--html", page.to_str().unwrap()];
    let output = milopt(folder.path(), &what_if);
    let report = String::from_utf8(output.stdout).unwrap();
    assert!(report.contains("  Everything is on the ANE."), "{report}");
    let (command, _) = last_line(&report).unwrap();
    assert!(
        command.ends_with("-o star_hourglass-ane.mlpackage --pipeline fp16"),
        "what writes it: {command}"
    );
    let drawn = std::fs::read_to_string(&page).unwrap();
    let data = drawn.split_once("id=\"data\">").unwrap().1.split_once("</script>").unwrap().0;
    let data: Value = serde_json::from_str(data).unwrap();
    let after = &data["versions"][1];
    assert_eq!(after["functions"][0]["advice"][0]["text"], "Everything is on the ANE.");
    assert_eq!(after["rewrites"], serde_json::json!([]));
    assert_eq!(data["versions"][0]["rewrites"][0]["command"], command);
}

#[test]
fn systems_and_units_are_read_as_people_write_them() {
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/star_hourglass.mlpackage");
    let run = |os: &str, units: &str| {
        milopt(Path::new("."), &["estimate", fixture, "--os", os, "--units", units, "--json"])
    };
    for (os, units) in [("macOS15", "CPU_AND_NE"), ("iOS 18", "cpuAndNeuralEngine")] {
        let output = run(os, units);
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(found["units"], "cpu-and-ne", "{os} {units}");
    }
    let old = run("12", "all");
    assert_eq!(old.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&old.stderr).contains("its first system is macOS 15"));
    let new = run("99", "all");
    assert!(new.status.success());
    assert!(String::from_utf8_lossy(&new.stderr).contains("macOS 99 is not known; estimated as 27"));
}

/// An fp16 relu: nothing to gain. The same behind casts to fp32 and back: `cleanup` gains, and loses nothing.
#[test]
fn only_what_gains_is_advised() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, body: &str| {
        let ty = "tensor<fp16, [1, 64, 64, 64]>";
        let text = format!("program(1.3)\n{{\n    func main<ios17>({ty} x) {{\n{body}    }} -> (y);\n}}\n");
        std::fs::write(folder.path().join(name), text).unwrap();
    };
    let relu = "        tensor<fp16, [1, 64, 64, 64]> y = relu(x = x)[name = string(\"y\")];\n";
    write("plain.mil", relu);
    let detour = "        tensor<fp32, [1, 64, 64, 64]> a = cast(x = x, dtype = string(\"fp32\"))[name = string(\"a\")];\n\
                  \u{20}       tensor<fp16, [1, 64, 64, 64]> b = cast(x = a, dtype = string(\"fp16\"))[name = string(\"b\")];\n";
    write("my detour.mil", &(detour.to_owned() + &relu.replace("x = x", "x = b")));
    let text = |name: &str, more: &[&str]| {
        let output = milopt(folder.path(), &[&["estimate", name], more].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    for more in [&[][..], &["--suggest"]] {
        let report = text("plain.mil", more);
        assert!(last_line(&report).is_none() && !report.contains("--pipeline"), "{report}");
        let report = text("my detour.mil", more);
        let (command, numbers) = last_line(&report).unwrap();
        assert_eq!(command, "milopt run 'my detour.mil' -o 'my detour-ane.mlpackage' --pipeline cleanup");
        assert!(numbers.starts_with("0 of 1 ops, "), "{numbers}");
        assert!(!report.contains("rounds to fp16") && !report.contains("Nothing"), "{report}");
    }
}

#[test]
fn what_holds_no_program_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = milopt(folder.path(), &["estimate", "nowhere.mlpackage"]);
    assert_eq!(missing.status.code(), Some(2));
    // Specification version 1, a neural network without layers.
    std::fs::write(folder.path().join("net.mlmodel"), [8, 1, 0xa2, 0x1f, 0]).unwrap();
    let network = milopt(folder.path(), &["estimate", "net.mlmodel"]);
    let told = String::from_utf8(network.stderr).unwrap();
    assert_eq!(network.status.code(), Some(2));
    assert!(told.contains("net.mlmodel is a neuralNetwork") && told.contains("convert it"), "{told}");
}
