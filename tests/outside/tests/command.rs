//! The command line knows our passes beside those of milopt.

use std::process::Command;

fn command(arguments: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_own-passes")).args(arguments).output().expect("it runs");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn our_pass_is_explained_listed_and_in_our_pipeline() {
    let (ok, text) = command(&["passes", "explain", "abs_of_abs"]);
    assert!(ok && text.contains("Removes an `abs`") && text.contains("| `squares` | `false` |"), "{text}");
    let (ok, text) = command(&["passes", "list"]);
    assert!(ok && text.contains("abs_of_abs") && text.contains("fuse_conv_bn"), "{text}");
    let (ok, text) = command(&["passes", "pipelines"]);
    assert!(ok && text.contains("mine:") && text.contains("abs_of_abs{squares=true}"), "{text}");
}

#[test]
fn our_pass_runs_beside_those_of_milopt() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (input, output) = (folder.join("in.mil"), folder.join("out.mil"));
    let text = r#"program(1.3)
{
    func main<ios17>(tensor<fp32, [2]> x) {
        tensor<fp32, [2]> a = relu(x = x)[name = string("a")];
        tensor<fp32, [2]> b = relu(x = a)[name = string("b")];
        tensor<fp32, [2]> c = square(x = b)[name = string("c")];
        tensor<fp32, [2]> d = abs(x = c)[name = string("d")];
        tensor<fp32, [2]> y = exp(x = d)[name = string("y")];
    } -> (y);
}
"#;
    std::fs::write(&input, text).expect("it is written");
    let (input, output) = (input.display().to_string(), output.display().to_string());
    let (ok, said) = command(&["run", &input, "-o", &output, "--pipeline", "mine", "--verify-numerics"]);
    assert!(ok, "{said}");
    let left = std::fs::read_to_string(output).expect("it was written");
    assert!(!left.contains("abs(") && left.matches("relu(").count() == 1, "{left}");
}
