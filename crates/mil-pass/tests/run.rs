//! What the runner promises: a failing pass leaves the program as it was, fuel, fixpoints, the grammar.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use mil_ir::{At, Graph, NewOp, OpId, Program, text};
use mil_pass::{
    Alias, GrammarError, Miss, Pass, PassCx, PassError, Pattern, Pipeline, Registry, Rewrite, RunError, Runner, pass,
};

pass! {
    /// Makes `exp` of every `relu`.
    pub struct Swap {
        /// Not used.
        pub level: i64 = 1,
        /// Not used.
        pub mode: String = "fast".to_owned(),
    }
    id: "swap",
    numerics: Exact,
    aliases: [Alias::plain("common::swap")],
    patterns: [swap: "`relu`", ours never: "nothing"],
}

impl Pass for Swap {
    fn run_on_graph(&self, graph: &mut Graph, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        const PATTERNS: &[Pattern<Swap>] = &[
            Pattern { name: "swap", anchors: &["relu"], apply: swap },
            Pattern { name: "never", anchors: &["relu"], apply: |_, _, _| Err(Miss::new("never")) },
        ];
        cx.rewrite(self, PATTERNS, graph)
    }
}

fn swap(_: &Swap, rw: &mut Rewrite<'_>, op: OpId) -> Result<(), Miss> {
    let x = rw.input(op, "x")?;
    rw.replace_op(op, NewOp::new("exp").with("x", x), &[])
}

pass! {
    /// Panics after it changed something.
    pub struct Panics;
    id: "panics",
    numerics: Exact,
}

impl Pass for Panics {
    fn run_on_graph(&self, graph: &mut Graph, _: &mut PassCx<'_>) -> Result<(), PassError> {
        let op = graph.walk().next().unwrap();
        graph.rename_op(op, Some("changed".into()));
        panic!("on purpose");
    }
}

pass! {
    /// Gives an op a parameter that it has not.
    pub struct Breaks;
    id: "breaks",
    numerics: Exact,
}

impl Pass for Breaks {
    fn run_on_graph(&self, graph: &mut Graph, _: &mut PassCx<'_>) -> Result<(), PassError> {
        let op = graph.walk().next().unwrap();
        graph.set_argument(op, "x", None);
        Ok(())
    }
}

pass! {
    /// Adds an op, always.
    pub struct Grows;
    id: "grows",
    numerics: Exact,
}

impl Pass for Grows {
    fn run_on_graph(&self, graph: &mut Graph, _: &mut PassCx<'_>) -> Result<(), PassError> {
        let input = graph.root().inputs()[0];
        let (name, ty) = (graph.fresh_name("more"), graph.value(input).ty().clone());
        graph.insert(NewOp::new("relu").with("x", input).result(name, ty), At::End(Graph::ROOT));
        Ok(())
    }
}

fn registry() -> Registry {
    Registry::new(
        &[&Swap::DEF, &Panics::DEF, &Breaks::DEF, &Grows::DEF],
        &[("both", r#"["swap", {"fixpoint": ["swap"], "max": 2}]"#)],
    )
}

fn program() -> Program {
    text::parse(
        r#"program(1.3)
{
    func main<ios17>(tensor<fp32, [2]> x) {
        tensor<fp32, [2]> a = relu(x = x)[name = string("a")];
        tensor<fp32, [2]> b = relu(x = a)[name = string("b")];
        tensor<fp32, [2]> y = relu(x = b)[name = string("y")];
    } -> (y);
}
"#,
    )
    .unwrap()
}

fn print(program: &Program) -> String {
    text::print(program, &text::PrintOptions::default())
}

fn run(pipeline: &str, program: &mut Program) -> Result<mil_pass::RunReport, RunError> {
    Runner::new().run(&Pipeline::parse(pipeline, &registry()).unwrap(), program)
}

#[test]
fn a_panicking_pass_is_undone_and_those_before_it_stay() {
    let mut program = program();
    let error = run("swap,panics", &mut program).unwrap_err();
    assert!(matches!(&error, RunError::Panic { id, message } if id == "panics" && message == "on purpose"), "{error}");
    let text = print(&program);
    assert!(text.contains("exp") && !text.contains("changed"), "{text}");
}

#[test]
fn a_pass_that_breaks_a_rule_is_undone_and_named() {
    let mut program = program();
    let before = print(&program);
    let error = run("breaks", &mut program).unwrap_err();
    assert!(matches!(&error, RunError::Invalid { id, .. } if id == "breaks"), "{error}");
    assert_eq!(print(&program), before);
}

#[test]
fn fuel_stops_rewriting() {
    let mut program = program();
    let pipeline = Pipeline::new().add(Swap::default());
    let report = Runner::new().fuel(2).run(&pipeline, &mut program).unwrap();
    assert_eq!(report.rewrites, 2);
    assert_eq!(print(&program).matches(" = exp(").count(), 2);
}

#[test]
fn a_fixpoint_ends_when_nothing_changes_and_says_when_it_did_not() {
    let report = run("fixpoint(swap){max=5}", &mut program()).unwrap();
    assert_eq!((report.passes.len(), report.unfinished.len()), (2, 0));
    let report = run("fixpoint(grows){max=3}", &mut program()).unwrap();
    assert_eq!((report.passes.len(), report.unfinished.len()), (3, 1));
}

#[test]
fn reports_are_truthful() {
    let mut program = program();
    let report = run("swap,swap", &mut program).unwrap();
    assert_eq!(report.passes.iter().map(|pass| pass.changed).collect::<Vec<_>>(), [true, false]);
    assert_eq!(report.count("swap", "swap"), 3);
}

#[test]
fn text_and_json_round_trip() {
    let registry = registry();
    for (text, printed) in [
        ("", ""),
        (" swap , panics ", "swap,panics"),
        ("swap{level=2,mode=slow}", "swap{level=2,mode=slow}"),
        ("swap{level=1}", "swap"),
        ("swap{mode=\"a,b\"}", "swap{mode=\"a,b\"}"),
        ("swap{mode=\"7\"}", "swap{mode=\"7\"}"),
        ("common::swap", "common::swap"),
        ("swap{disable=[\"swap\"]}", "swap{disable=[\"swap\"]}"),
        ("swap{only=[\"swap\"]}", "swap{disable=[\"never\"]}"),
        ("fixpoint(swap,grows)", "fixpoint(swap,grows){max=8}"),
        ("both", "swap,fixpoint(swap){max=2}"),
    ] {
        let pipeline = Pipeline::parse(text, &registry).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(pipeline.to_string(), printed);
        assert_eq!(Pipeline::from_json(&pipeline.to_json().to_string(), &registry).unwrap().to_string(), printed);
    }
}

#[test]
fn faults_in_pipelines_are_told() {
    let registry = registry();
    for (text, message) in [
        ("swop", "there is no pass or pipeline swop; is it swap?"),
        ("swap,", "at character 5 of the pipeline: expected a pass, a pipeline or `fixpoint`"),
        ("swap{level=x}", "options of swap: invalid type: string \"x\", expected i64"),
        ("swap{depth=1}", "options of swap: unknown field `depth`, expected `level` or `mode`"),
        ("swap{disable=[\"all\"]}", "options of swap: there is no pattern all"),
        ("fixpoint(swap", "at character 13 of the pipeline: expected a comma or `)`"),
        ("fixpoint(swap){min=1}", "at character 21 of the pipeline: a fixpoint takes `max=number`"),
        ("swap)", "at character 4 of the pipeline: expected a comma or the end"),
        ("both{max=1}", "at character 11 of the pipeline: a named pipeline takes no options"),
    ] {
        assert_eq!(Pipeline::parse(text, &registry).unwrap_err().to_string(), message);
    }
    let deep = format!("{}swap{}", "fixpoint(".repeat(1000), ")".repeat(1000));
    assert!(matches!(Pipeline::parse(&deep, &registry), Err(GrammarError::Syntax { .. })));
}

#[test]
fn an_alias_has_only_the_patterns_of_coremltools() {
    let pipeline = Pipeline::parse("common::swap", &registry()).unwrap();
    let mil_pass::Entry::Pass { disabled, .. } = &pipeline.entries[0] else { panic!() };
    assert_eq!(disabled, &["never"]);
}
