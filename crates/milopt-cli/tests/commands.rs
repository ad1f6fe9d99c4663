//! What the command prints: the command lines of the README and of the documentation, and those in
//! `commands/`, run from the root of the repository. `TRYCMD=overwrite` writes down what they print now.

/// `docs/pictures/estimate.svg` is what `estimate --svg` draws. `BLESS=1` rewrites it.
#[test]
fn the_picture_of_the_readme_is_fresh() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let picture = root.join("docs/pictures/estimate.svg");
    let folder = tempfile::tempdir().unwrap();
    let drawn = folder.path().join("estimate.svg");
    let milopt = std::process::Command::new(env!("CARGO_BIN_EXE_milopt"))
        .current_dir(&root)
        .args(["estimate", "fixtures/star_hourglass.mlpackage", "--what-if", "fp16", "--svg"])
        .arg(&drawn)
        .output()
        .unwrap();
    assert!(milopt.status.success(), "{}", String::from_utf8_lossy(&milopt.stderr));
    let drawn = std::fs::read_to_string(drawn).unwrap();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&picture, &drawn).unwrap();
    }
    assert!(
        std::fs::read_to_string(picture).unwrap_or_default() == drawn,
        "docs/pictures/estimate.svg is stale: BLESS=1 cargo test -p milopt-cli --test commands"
    );
}

#[test]
fn commands_print_what_is_written_down() {
    std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).unwrap();
    // Commands write here, wherever cargo builds.
    std::fs::create_dir_all("target").unwrap();
    // A history is only added to.
    let _ = std::fs::remove_file("target/task-history.jsonl");
    // Parts that another version has left are refused.
    let _ = std::fs::remove_dir_all("target/fleet-parts");
    trycmd::TestCases::new()
        .env("NO_COLOR", "1")
        .env("COLUMNS", "100")
        .case("README.md")
        .case("docs/*.md")
        .case("docs/tasks/*.md")
        .case("crates/milopt-cli/tests/commands/*.md");
}
