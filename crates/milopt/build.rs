//! The version that `milopt --version` prints: with the commit, where the sources are a checkout of this
//! repository.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_FEATURE_CLI").is_none() {
        return;
    }
    let version = std::env::var("CARGO_PKG_VERSION").unwrap_or_default();
    // A copy of the sources inside another repository has nothing at this place.
    let git = Path::new("../../.git");
    let commit = if git.exists() { commit() } else { None };
    println!(
        "cargo::rustc-env=MILOPT_VERSION={version}{}",
        commit.map(|it| format!(" ({it})")).unwrap_or_default()
    );
    for file in ["HEAD", "logs/HEAD"] {
        let path = ["rev-parse", "--git-path", file];
        if let Some(path) = git.exists().then(|| run(&path)).flatten().filter(|path| Path::new(path).exists())
        {
            println!("cargo::rerun-if-changed={path}");
        }
    }
}

fn commit() -> Option<String> {
    run(&["rev-parse", "--short=10", "HEAD"])
}

fn run(arguments: &[&str]) -> Option<String> {
    let output =
        Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}
