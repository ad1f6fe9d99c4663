//! Requests as the worker sends them, to a page whose files and download are in memory.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use milopt::Package;
use milopt_web::{Host, Session};
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;

/// Files of the page by number, and what is written.
#[derive(Debug, Default)]
struct Page {
    files: Vec<Vec<u8>>,
    /// Finished bytes, and those that came since the last head.
    download: Mutex<(Vec<u8>, Vec<u8>)>,
    read: AtomicU64,
    copied: AtomicU64,
}

impl Host for Page {
    fn read(&self, file: u32, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        self.read.fetch_add(out.len() as u64, Ordering::Relaxed);
        let from = offset as usize;
        out.copy_from_slice(&self.files[file as usize][from..from + out.len()]);
        Ok(())
    }

    fn put(&self, bytes: &[u8]) -> std::io::Result<()> {
        self.download.lock().unwrap().1.extend_from_slice(bytes);
        Ok(())
    }

    fn copy(&self, file: u32, range: Range<u64>) -> std::io::Result<()> {
        self.copied.fetch_add(range.end - range.start, Ordering::Relaxed);
        self.put(&self.files[file as usize][range.start as usize..range.end as usize])
    }

    fn head(&self, bytes: &[u8]) -> std::io::Result<()> {
        let (done, since) = &mut *self.download.lock().unwrap();
        done.extend_from_slice(bytes);
        done.append(since);
        Ok(())
    }

    fn tell(&self, done: u64, all: u64, what: &str) {
        assert!((all == 0 || done <= all) && !what.is_empty(), "{done} of {all}: {what}");
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(format!("{name}.mlpackage"))
}

/// The files of a fixture, by paths that begin with its name.
fn files(name: &str) -> Vec<(String, Vec<u8>)> {
    let files = Package::open(fixture(name)).unwrap().to_files().unwrap();
    files.into_iter().map(|(path, bytes)| (format!("{name}.mlpackage/{path}"), bytes)).collect()
}

/// A session, and the answer to opening these files in it.
fn open(files: Vec<(String, Vec<u8>)>) -> (Arc<Page>, Session, Value) {
    let named = files.iter().enumerate();
    let named: Vec<Value> =
        named.map(|(at, (path, bytes))| json!({"path": path, "file": at, "len": bytes.len()})).collect();
    let page =
        Arc::new(Page { files: files.into_iter().map(|(_, bytes)| bytes).collect(), ..Page::default() });
    let mut session = Session::new(page.clone());
    let answer = ask(&mut session, json!({"do": "open", "name": "dropped", "files": named}));
    (page, session, answer)
}

fn ask(session: &mut Session, request: Value) -> Value {
    serde_json::from_str(&session.answer(&request.to_string())).unwrap()
}

/// The answer to a request that is done.
fn ok(session: &mut Session, request: Value) -> Value {
    let answer = ask(session, request);
    assert!(answer.get("error").is_none(), "{answer}");
    answer["ok"].clone()
}

fn fault(answer: &Value) -> &str {
    answer["error"]["message"].as_str().unwrap_or_else(|| panic!("no error: {answer}"))
}

fn target() -> Value {
    json!({"chip": "M4", "os": "macOS26", "units": "cpu-and-ne"})
}

fn run(pipeline: &str) -> Value {
    json!({"do": "run", "pipeline": pipeline, "release": null, "target": target()})
}

/// What is downloaded, without the folder that all is in.
fn download(page: &Page, session: &mut Session) -> (String, BTreeMap<String, Vec<u8>>) {
    *page.download.lock().unwrap() = Default::default();
    let written = ok(session, json!({"do": "write"}));
    let (mut bytes, rest) = std::mem::take(&mut *page.download.lock().unwrap());
    bytes.extend(rest);
    assert_eq!(written["bytes"], bytes.len());
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut found = BTreeMap::new();
    for at in 0..archive.len() {
        // Reading holds the bytes against the checksum.
        let (mut file, mut bytes) = (archive.by_index(at).unwrap(), Vec::new());
        file.read_to_end(&mut bytes).unwrap();
        found.insert(file.name().split_once('/').unwrap().1.to_owned(), bytes);
    }
    found.retain(|path, _| !path.ends_with('/'));
    (written["name"].as_str().unwrap().to_owned(), found)
}

#[test]
fn what_is_downloaded_is_what_saving_writes() {
    for name in ["star_hourglass", "rnn_gru", "compressed", "functions", "image", "pipeline", "states"] {
        let (page, mut session, answer) = open(files(name));
        let state = &answer["ok"];
        assert_eq!(state["name"], format!("{name}.mlpackage"), "{answer}");
        let (called, found) = download(&page, &mut session);
        assert_eq!(called, format!("{name}.mlpackage.zip"));
        assert_eq!(found, Package::open(fixture(name)).unwrap().to_files().unwrap(), "{name}");
        ok(&mut session, run("default"));
        let (called, found) = download(&page, &mut session);
        assert_eq!(called, format!("{name}-opt.mlpackage.zip"));
        let mut native = Package::open(fixture(name)).unwrap();
        let pipeline = milopt::Pipeline::read("default", &milopt::passes::registry()).unwrap();
        milopt::Rewrite::of(&mut native).run(&pipeline, |_| milopt::Runner::new()).unwrap();
        assert_eq!(found, native.to_files().unwrap(), "{name}");
    }
}

#[test]
fn weights_are_handed_over_by_their_place() {
    let files = files("star_hourglass");
    let weights = files.iter().map(|(_, bytes)| bytes.len() as u64).max().unwrap();
    let all: u64 = files.iter().map(|(_, bytes)| bytes.len() as u64).sum();
    let (page, mut session, _) = open(files);
    ok(&mut session, json!({"do": "estimate", "target": target()}));
    let read = page.read.load(Ordering::Relaxed);
    assert!(read <= all, "{read} bytes were read of {all}");
    download(&page, &mut session);
    assert!(page.copied.load(Ordering::Relaxed) >= weights);
}

#[test]
fn a_step_is_done_as_a_whole_and_taken_back_as_a_whole() {
    let (page, mut session, _) = open(files("star_hourglass"));
    let before = download(&page, &mut session).1;
    let ask_fault = |session: &mut Session, request| fault(&ask(session, request)).to_owned();
    let why = ask_fault(&mut session, run("fuse_conv"));
    assert!(why.contains("there is no pass or pipeline fuse_conv; is it fuse_conv_bn"), "{why}");
    // The first pass is fine, the second one refuses.
    let why = ask_fault(&mut session, run("add_fp16_cast,rename_features{names={\"nothing\":\"x\"}}"));
    assert!(!why.is_empty() && !why.contains('{'), "{why}");
    assert_eq!(download(&page, &mut session).1, before);
    let state = ok(&mut session, run("fp16"));
    assert_eq!(
        state["steps"][0]["command"],
        "milopt run star_hourglass.mlpackage -o star_hourglass-opt.mlpackage --pipeline fp16"
    );
    assert!(state["now"]["weight_bytes"].as_u64() < state["before"]["weight_bytes"].as_u64());
    let form = json!({"kind": "palette", "bits": 4, "group_size": null});
    let state = ok(
        &mut session,
        json!({"do": "compress", "form": form, "weight_threshold": 100, "raise_target": null}),
    );
    assert_eq!(
        state["steps"][1]["command"],
        "milopt compress star_hourglass-opt.mlpackage -o star_hourglass-opt.mlpackage --palettize 4 \
         --weight-threshold 100"
    );
    let state = ok(&mut session, json!({"do": "undo"}));
    assert_eq!(state["steps"].as_array().unwrap().len(), 1);
    ok(&mut session, json!({"do": "reset"}));
    assert_eq!(download(&page, &mut session).1, before);
}

#[test]
fn estimates_show_before_and_after() {
    let (_, mut session, _) = open(files("star_hourglass"));
    let found = ok(&mut session, json!({"do": "estimate", "target": target()}));
    assert!(found["before"].is_null() && found["now"]["ane_ops"] == 0, "{}", found["now"]);
    let advice = ok(&mut session, json!({"do": "suggest", "target": target(), "all": false}));
    assert_eq!(advice["found"][0]["pipeline"], "fp16");
    ok(&mut session, run("fp16"));
    let found = ok(&mut session, json!({"do": "estimate", "target": target()}));
    assert_eq!(found["before"]["ane_ops"], 0);
    assert!(found["now"]["ane_ops"].as_u64().unwrap() > 100);
    assert!(found["svg"].as_str().unwrap().starts_with("<svg"));
    assert!(found["page"].as_str().unwrap().starts_with("<!doctype html>"));
    let found = ok(&mut session, json!({"do": "compare"}));
    assert!(!found["text"].as_str().unwrap().is_empty());
    let found = ok(&mut session, json!({"do": "devices"}));
    assert!(found["page"].as_str().unwrap().contains("iPhone"));
}

#[test]
fn passes_that_ask_for_a_chip_are_told_it() {
    let (_, mut session, _) = open(files("star_hourglass"));
    let state = ok(&mut session, run("ane"));
    let command = state["steps"][0]["command"].as_str().unwrap();
    assert!(command.ends_with("--pipeline ane --chip M4 --os macOS26"), "{command}");
    let state = ok(&mut session, run("improve_placement{chips=[\"M1\"]}"));
    let command = state["steps"][1]["command"].as_str().unwrap();
    assert!(!command.contains("--chip"), "{command}");
}

/// An archive of a fixture, stored or deflated.
fn archive(name: &str, deflated: bool) -> Vec<u8> {
    let method = if deflated { zip::CompressionMethod::Deflated } else { zip::CompressionMethod::Stored };
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    writer.start_file(format!("__MACOSX/{name}.mlpackage/._Manifest.json"), options).unwrap();
    writer.add_directory(format!("{name}.mlpackage"), options).unwrap();
    for (path, bytes) in files(name) {
        writer.start_file(path, options).unwrap();
        writer.write_all(&bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn a_stored_package_is_read_where_it_lies_in_its_archive() {
    for deflated in [false, true] {
        let bytes = archive("rnn_gru", deflated);
        let len = bytes.len();
        let page = Arc::new(Page { files: vec![bytes.clone()], ..Page::default() });
        let mut session = Session::new(page.clone());
        let found = ok(&mut session, json!({"do": "archive", "file": {"file": 0, "len": len}}));
        let found: Vec<Value> = found.as_array().unwrap().clone();
        assert_eq!(found.len(), files("rnn_gru").len(), "{found:?}");
        assert!(found.iter().all(|entry| entry["deflated"] == deflated));
        if deflated {
            continue;
        }
        let named = |entry: &Value| json!({"path": entry["path"], "file": 0, "start": entry["start"], "len": entry["len"], "crc": entry["crc"]});
        let named: Vec<Value> = found.iter().map(named).collect();
        ok(&mut session, json!({"do": "open", "name": "x.zip", "files": named}));
        let (_, written) = download(&page, &mut session);
        assert_eq!(written, Package::open(fixture("rnn_gru")).unwrap().to_files().unwrap());
        // One flipped bit, which no format would notice.
        let mut bytes = bytes;
        let weights = found.iter().max_by_key(|entry| entry["len"].as_u64()).unwrap();
        bytes[weights["start"].as_u64().unwrap() as usize + 500] ^= 1;
        let mut session = Session::new(Arc::new(Page { files: vec![bytes], ..Page::default() }));
        let answer = ask(&mut session, json!({"do": "open", "name": "x.zip", "files": named}));
        assert!(fault(&answer).contains("weight.bin is not what was put into it"), "{answer}");
    }
}

#[test]
fn what_cannot_be_done_is_said_in_words() {
    let cut = |bytes: &mut Vec<u8>| bytes.truncate(100);
    let mut damaged = files("star_hourglass");
    damaged.iter_mut().filter(|(path, _)| path.ends_with("weight.bin")).for_each(|(_, bytes)| cut(bytes));
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n";
    let one = |name: &str, bytes: &[u8]| vec![(name.to_owned(), bytes.to_vec())];
    for (files, part) in [
        (damaged, "cannot open star_hourglass.mlpackage: function main, op stem_0_bias is not valid"),
        (one("a.mlmodel", b""), "the file is empty"),
        (one("a.onnx", b"\x08\x08\x12\x02pt\x3A\x01\x0A\x42\x02\x10\x0D"), "it is an ONNX model"),
        (one("a.mlmodel", pointer), "Git LFS"),
        (one("a.mil", b"program(1.3)\n{ func }"), "line 2"),
        (one("a.mil", b"BLOBFILE"), "weights in a file beside it"),
        (one("x/coremldata.bin", b""), "compiled model"),
        (one("Manifest.json", b"{"), "Manifest.json"),
        (vec![], "empty"),
    ] {
        let (_, mut session, answer) = open(files);
        assert!(fault(&answer).contains(part), "{answer}");
        let answer = ask(&mut session, json!({"do": "write"}));
        assert_eq!(fault(&answer), "no model is open");
    }
    let (_, mut session, _) = open(files("star_hourglass"));
    let aim = json!({"chip": "M99", "os": "26", "units": "all"});
    assert!(fault(&ask(&mut session, json!({"do": "estimate", "target": aim}))).contains("unknown chip"));
    for request in ["", "{}", "{\"do\": \"fly\"}", "{\"do\": \"run\"}"] {
        assert!(serde_json::from_str::<Value>(&session.answer(request)).unwrap().get("error").is_some());
    }
}

#[test]
fn a_model_whose_weights_are_missing_opens_and_is_not_written() {
    let mut files = files("star_hourglass");
    files.retain(|(path, _)| !path.ends_with("weight.bin"));
    let (_, mut session, answer) = open(files);
    assert!(!answer["ok"]["missing"].as_array().unwrap().is_empty(), "{answer}");
    let answer = ask(&mut session, json!({"do": "write"}));
    assert!(fault(&answer).contains("weights"), "{answer}");
    let answer = ok(&mut session, json!({"do": "suggest", "target": target(), "all": true}));
    assert!(answer["untried"].as_str().unwrap().contains("Weights are missing"), "{answer}");
}

#[test]
fn the_page_learns_what_there_is_to_choose_from() {
    let mut session = Session::new(Arc::new(Page::default()));
    let about = ok(&mut session, json!({"do": "about"}));
    let names: Vec<&str> =
        about["pipelines"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert!(["none", "default", "fp16", "ane"].iter().all(|name| names.contains(name)), "{names:?}");
    assert!(about["chips"].as_array().unwrap().iter().any(|chip| chip["name"] == "M4"));
    assert!(about["passes"].as_array().unwrap().len() > 100);
}
