//! Snapshots of the fixtures, as a repository downstream takes them.

use milopt::ir::text;
use milopt::passes::FuseConvBn;
use milopt::{Package, Pipeline, Program};
use milopt_snapshot::{Redact, assert_ops, assert_placement, assert_text};

#[allow(clippy::unwrap_used, reason = "a helper of tests")]
fn fixture(name: &str) -> Package {
    Package::open(format!("{}/../../fixtures/{name}.mlpackage", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn a_package_as_text() {
    assert_text!(fixture("states"));
}

#[test]
fn members_of_a_pipeline() {
    assert_ops!(fixture("pipeline"));
}

#[test]
fn where_a_package_runs() {
    assert_placement!(fixture("star_hourglass"), "M1", "26");
}

#[test]
fn names_and_weights_do_not_matter_where_they_are_left_out() {
    let program = |name: &str, weight: &str| -> Program {
        text::parse(&format!(
            "program(1.3) {{ func main<ios17>(tensor<fp32, [2]> x) {{
                 tensor<fp32, [2]> {name} = mul(x = x, y = tensor<fp32, [2]>([{weight}, 0x1p+0]))[name = string(\"{name}\")];
                 tensor<fp32, [2]> y = relu(x = {name})[name = string(\"y\")];
             }} -> (y); }}"
        ))
        .unwrap()
    };
    let (one, other) = (program("a", "0x1p+1"), program("b", "0x1p+2"));
    let redact = Redact { names: true, ..Redact::default() };
    let said = milopt_snapshot::text(&one, &redact);
    assert!(said.contains("mul_0 = mul(") && said.contains("relu(x = mul_0)"), "{said}");
    assert_eq!(said, milopt_snapshot::text(&other, &redact));
    assert_ne!(
        milopt_snapshot::text(&one, &Redact::nothing()),
        milopt_snapshot::text(&other, &Redact::nothing())
    );
}

#[test]
fn a_rewrite_shows() {
    let mut package = fixture("star_hourglass");
    let before = milopt_snapshot::ops(&package);
    let mut program = package.take_program().unwrap();
    Pipeline::new().add(FuseConvBn).run(&mut program).unwrap();
    assert_ne!(before, milopt_snapshot::ops(&program));
}

#[test]
fn an_unknown_chip_is_an_error() {
    assert!(milopt_snapshot::try_placement(&fixture("states"), "M99", "26", &Redact::default()).is_err());
}
