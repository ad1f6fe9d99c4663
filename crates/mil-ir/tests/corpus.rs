//! Reads every `.mil` file below the folder in `MILOPT_MIL_CORPUS`, if that is set, and prints it back.

use std::path::{Path, PathBuf};

use mil_ir::text::{self, PrintOptions};

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "mil") {
            found.push(path);
        }
    }
}

#[test]
fn printing_is_a_fixed_point_on_the_corpus() {
    let Ok(folder) = std::env::var("MILOPT_MIL_CORPUS") else { return };
    let mut files = Vec::new();
    collect(Path::new(&folder), &mut files);
    files.sort();
    let mut refused = Vec::new();
    for file in &files {
        let source = std::fs::read_to_string(file).unwrap();
        let program = match text::parse(&source) {
            Ok(program) => program,
            Err(error) => {
                println!("{}: {error}", file.display());
                refused.push(file.clone());
                continue;
            }
        };
        let full = PrintOptions::default();
        let forms = [full.clone(), full.inline_all(), PrintOptions::readable(), PrintOptions::apple()];
        for options in forms {
            let first = text::print(&program, &options);
            let again =
                text::parse(&first).unwrap_or_else(|error| panic!("{}: {error}\n{first}", file.display()));
            assert_eq!(first, text::print(&again, &options), "{}", file.display());
        }
        for violation in mil_ir::verify::verify(&program).violations {
            println!("{}: {violation}", file.display());
        }
    }
    println!("{} files, {} refused", files.len(), refused.len());
}
