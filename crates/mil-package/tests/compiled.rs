//! Compiled models: the program as text, the interface as far as the files say.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;

use mil_ir::{ColorSpace, Feature, FeatureKind, Flexibility, Interface, Model, SizeFlexibility, SizeRange};
use mil_package::{Package, PackageError};
use tempfile::tempdir;

/// A program that hands its input on, with attributes of its function.
fn program(input: &str, ty: &str, attributes: &str) -> String {
    format!(
        r#"program(1.0)
{{
    func main<ios17>({ty} {input}) {attributes} {{
        {ty} y = identity(x = {input})[name = tensor<string, []>("y")];
    }} -> (y);
}}
"#
    )
}

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, contents) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }
}

fn input(interface: &Interface) -> &Feature {
    &interface.functions[0].inputs[0]
}

/// The type of the attribute, whose second part has this type.
fn flexible(part: &str, ty: &str, default: &str, shapes: &str) -> String {
    format!(
        "[FlexibleShapeInformation = tuple<tuple<tensor<string, []>, dict<tensor<string, []>, \
         tensor<int32, [?]>>>, tuple<tensor<string, []>, {ty}>>(((\"DefaultShapes\", {{{{\"x\", {default}}}}}), \
         (\"{part}\", {shapes})))]"
    )
}

fn open_text(text: &str) -> Package {
    let folder = tempdir().unwrap();
    let path = folder.path().join("x.mil");
    fs::write(&path, text).unwrap();
    Package::open(&path).unwrap()
}

#[test]
fn ranges_that_the_text_states_are_the_interface() {
    let ty = "dict<tensor<string, []>, list<tensor<int32, [2]>, ?>>";
    let attribute = flexible("RangeDims", ty, "[1, 8]", "{{\"x\", [[1, 1], [1, 64]]}}");
    let package = open_text(&program("x", "tensor<fp16, [1, ?]>", &attribute));
    let Some(FeatureKind::Array(array)) = &input(package.model().interface()).kind else { panic!() };
    assert_eq!(array.shape, [1, 8]);
    let range = |lower, upper| SizeRange { lower, upper };
    assert_eq!(array.flexibility, Some(Flexibility::Ranges(vec![range(1, 1), range(1, 64)])));
    // It says so in one place: a package has no attributes of functions.
    let program = package.model().as_program().unwrap();
    assert!(program.functions["main"].attributes.is_empty());
}

#[test]
fn shapes_that_the_text_enumerates_are_the_interface() {
    let ty = "dict<tensor<string, []>, dict<tensor<string, []>, tensor<int32, [?]>>>";
    let shapes = "{{\"0a\", {{\"x\", [1, 4]}}}, {\"0b\", {{\"x\", [1, 8]}}}}";
    let package =
        open_text(&program("x", "tensor<fp16, [1, ?]>", &flexible("EnumeratedShapes", ty, "[1, 8]", shapes)));
    let Some(FeatureKind::Array(array)) = &input(package.model().interface()).kind else { panic!() };
    assert_eq!(array.shape, [1, 8]);
    assert_eq!(array.flexibility, Some(Flexibility::Enumerated(vec![vec![1, 8], vec![1, 4]])));
}

#[test]
fn shapes_that_do_not_fit_stay_where_they_are() {
    let ty = "dict<tensor<string, []>, list<tensor<int32, [2]>, ?>>";
    for (part, default, shapes) in [
        ("RangeDims", "[1, 8]", "{{\"x\", [[1, 1]]}}"),
        ("RangeDims", "[1, 8]", "{{\"other\", [[1, 1], [1, 64]]}}"),
        ("RangeDims", "[1]", "{{\"x\", [[1, 1], [1, 64]]}}"),
        ("OtherDims", "[1, 8]", "{{\"x\", [[1, 1], [1, 64]]}}"),
    ] {
        let package = open_text(&program("x", "tensor<fp16, [1, ?]>", &flexible(part, ty, default, shapes)));
        let program = package.model().as_program().unwrap();
        assert_eq!(program.functions["main"].attributes.len(), 1, "{part} {default} {shapes}");
        assert_eq!(program.interface, mil_ir::text::derived_interface(program));
    }
}

fn open_with_metadata(program: &str, schema: &str) -> Package {
    let folder = tempdir().unwrap();
    let metadata = format!(
        r#"[{{"specificationVersion": 8, "author": "someone", "inputSchema": [{schema}], "outputSchema": []}}]"#
    );
    write(folder.path(), &[("model.mil", program), ("metadata.json", &metadata)]);
    Package::open(folder.path()).unwrap()
}

#[test]
fn images_are_read_from_the_metadata() {
    let program = program("image", "tensor<fp32, [1, 3, 32, 64]>", "");
    let fixed = r#"{"name": "image", "type": "Image", "isOptional": "0", "isColor": "1", "colorspace": "BGR",
        "width": "64", "height": "32", "hasSizeFlexibility": "0", "shortDescription": "a picture"}"#;
    let package = open_with_metadata(&program, fixed);
    let interface = package.model().interface();
    assert_eq!((interface.specification_version, &*interface.metadata.author), (8, "someone"));
    let feature = input(interface);
    assert_eq!(feature.doc, "a picture");
    let Some(FeatureKind::Image(image)) = &feature.kind else { panic!() };
    assert_eq!((image.width, image.height, image.color_space()), (64, 32, Some(ColorSpace::Bgr)));
    assert_eq!(image.flexibility, None);
    assert_eq!(package.warnings(), [""; 0]);

    let sizes = |flexibility: &str| {
        let entry = format!(
            r#"{{"name": "image", "type": "Image", "colorspace": "Grayscale", "width": "8", "height": "4", {flexibility}}}"#
        );
        let package = open_with_metadata(&program, &entry);
        match &input(package.model().interface()).kind {
            Some(FeatureKind::Image(image)) => image.flexibility.clone(),
            other => panic!("{other:?}"),
        }
    };
    let range = |lower, upper| Some(SizeRange { lower, upper });
    assert_eq!(
        sizes(r#""sizeRange": "[[8, 80], [4, -1]]""#),
        Some(SizeFlexibility::Range(range(8, 80), range(4, -1)))
    );
    assert_eq!(
        sizes(r#""enumeratedSizes": "[[8, 4], [16, 8]]""#),
        Some(SizeFlexibility::Enumerated(vec![(8, 4), (16, 8)]))
    );
}

#[test]
fn what_the_metadata_say_in_an_unknown_way_is_said() {
    let program = program("image", "tensor<fp32, [1, 3, 32, 64]>", "");
    for (entry, word) in [
        (r#"{"name": "image", "type": "Image", "colorspace": "CMYK", "width": "1", "height": "1"}"#, "Image"),
        (r#"{"name": "image", "type": "Hologram"}"#, "Hologram"),
        (r#"{"name": "other", "type": "Int64"}"#, "other"),
    ] {
        let package = open_with_metadata(&program, entry);
        assert!(matches!(input(package.model().interface()).kind, Some(FeatureKind::Array(_))));
        let said = package.warnings().join(" ");
        assert!(said.contains(word) && said.contains("metadata.json"), "{said}");
    }
}

/// The header of a compiled model, as `coremldata.bin` has it.
fn header(kind: u32, form: &str, version: u64, rest: &[&[u8]]) -> Vec<u8> {
    let mut bytes = kind.to_le_bytes().to_vec();
    bytes.extend([0; 24]);
    bytes.extend((form.len() as u64).to_le_bytes());
    bytes.extend(form.as_bytes());
    bytes.extend(version.to_le_bytes());
    bytes.extend([0; 24]);
    rest.iter().for_each(|piece| bytes.extend(*piece));
    bytes
}

/// A description with an input and an output, both doubles.
fn description(input: &str, output: &str) -> Vec<u8> {
    let feature = |tag: u8, name: &str| {
        let mut feature = vec![0x0A, name.len() as u8];
        feature.extend(name.as_bytes());
        feature.extend([0x1A, 0x02, 0x12, 0x00]);
        [&[tag, feature.len() as u8][..], &feature].concat()
    };
    [feature(0x0A, input), feature(0x52, output)].concat()
}

#[test]
fn a_compiled_pipeline_is_one_of_its_members() {
    let folder = tempdir().unwrap();
    let root = folder.path().join("x.mlmodelc");
    let whole = description("a", "y");
    let length = (whole.len() as u64).to_le_bytes();
    let top = header(
        202,
        "generic.model0v1.0.0generic.model1v1.0.0spec",
        8,
        &[&length, &whole, &2_u64.to_le_bytes(), &202_u64.to_le_bytes()],
    );
    // A message: version 1, the description, type `identity` (900).
    let inner = description("b", "c");
    let spec = [&[0x08, 0x01, 0x12, inner.len() as u8][..], &inner, &[0xA2, 0x38, 0x00]].concat();
    fs::create_dir_all(root.join("model1")).unwrap();
    fs::write(root.join("coremldata.bin"), top).unwrap();
    fs::write(root.join("model1/coremldata.bin"), header(900, "spec", 1, &[&spec])).unwrap();
    let weights = weight_file();
    fs::create_dir_all(root.join("model0/weights")).unwrap();
    fs::write(root.join("model0/weights/weight.bin"), &weights).unwrap();
    write(&root, &[("model0/model.mil", &with_weights("a"))]);
    let package = Package::open(&root).unwrap();
    assert_eq!(package.warnings(), [""; 0]);
    let Model::Pipeline(pipeline) = package.model() else { panic!() };
    assert_eq!(&*pipeline.interface.functions[0].inputs[0].name, "a");
    assert_eq!(pipeline.interface.specification_version, 8);
    let [(_, Model::Program(program)), (_, Model::Opaque(opaque))] = &pipeline.members[..] else { panic!() };
    assert_eq!(program.graph("main").unwrap().tensors().count(), 1);
    assert_eq!((opaque.kind.as_deref(), &opaque.bytes[..]), (Some("identity"), &spec[..]));
    let files = package.to_files().unwrap();
    assert_eq!(files["Data/com.apple.CoreML/weights/0-weight.bin"], weights);

    fs::remove_file(root.join("model1/coremldata.bin")).unwrap();
    let error = Package::open(&root).unwrap_err();
    assert!(matches!(error.cause(), PackageError::Unsupported { .. }), "{error}");
    fs::remove_dir_all(root.join("model1")).unwrap();
    let error = Package::open(&root).unwrap_err();
    assert!(matches!(error.cause(), PackageError::Missing { item, .. } if item == "model1"), "{error}");
}

#[test]
fn a_compiled_pipeline_that_does_not_say_what_it_takes_is_read_with_a_warning() {
    let folder = tempdir().unwrap();
    let root = folder.path().join("x.mlmodelc");
    let weights = weight_file();
    // Both programs call their weights the same.
    for (member, text) in [
        ("model0", with_weights("a")),
        ("model1", with_weights("y").replace("> y = add", "> z = add").replace("(y);", "(z);")),
    ] {
        fs::create_dir_all(root.join(member).join("weights")).unwrap();
        fs::write(root.join(member).join("weights/weight.bin"), &weights).unwrap();
        fs::write(root.join(member).join("model.mil"), text).unwrap();
    }
    let package = Package::open(&root).unwrap();
    assert_eq!(package.warnings().len(), 1, "{:?}", package.warnings());
    let main = &package.model().interface().functions[0];
    let names = |features: &[Feature]| features.iter().map(|f| f.name.to_string()).collect::<Vec<_>>();
    assert_eq!((names(&main.inputs), names(&main.outputs)), (vec!["a".to_owned()], vec!["z".to_owned()]));
    let files = package.to_files().unwrap();
    for member in 0..2 {
        assert_eq!(files[&format!("Data/com.apple.CoreML/weights/{member}-weight.bin")], weights);
    }
}

fn with_weights(input: &str) -> String {
    format!(
        r#"program(1.3)
{{
    func main<ios17>(tensor<fp32, [12]> {input}) {{
        tensor<fp32, [12]> w = const()[name = string("w"), val = tensor<fp32, [12]>(BLOBFILE(path = string("@model_path/weights/weight.bin"), offset = uint64(64)))];
        tensor<fp32, [12]> y = add(x = {input}, y = w)[name = string("sum")];
    }} -> (y);
}}
"#
    )
}

/// Twelve numbers of four bytes.
fn weight_file() -> Vec<u8> {
    let mut file = vec![0; 128];
    (file[0], file[4]) = (1, 2);
    file[64..68].copy_from_slice(&0xDEAD_BEEF_u32.to_le_bytes());
    (file[68], file[72], file[80]) = (2, 48, 128);
    file.extend([7; 48]);
    file
}
