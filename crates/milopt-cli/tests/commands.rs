//! What the command prints: the command lines of the README and of the documentation, and those in
//! `commands/`, run from the root of the repository. `TRYCMD=overwrite` writes down what they print now.

#[test]
fn commands_print_what_is_written_down() {
    std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).unwrap();
    // Commands write here, wherever cargo builds.
    std::fs::create_dir_all("target").unwrap();
    // Parts that another version has left are refused.
    let _ = std::fs::remove_dir_all("target/fleet-parts");
    trycmd::TestCases::new()
        .env("NO_COLOR", "1")
        .env("COLUMNS", "100")
        .case("README.md")
        .case("docs/*.md")
        .case("crates/milopt-cli/tests/commands/*.md");
}
