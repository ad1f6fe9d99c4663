//! What the runner promises: a failing pass leaves the program as it was, fuel, fixpoints, the grammar.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use mil_ir::verify::Report;
use mil_ir::{At, Function, Graph, NewOp, OpId, Program, text};
use mil_pass::{
    Alias, Entry, GrammarFault, Instrument, Matched, No, Pass, PassCx, PassError, PassEvent, Pipeline,
    Registry, Rewrite, RunError, Runner, pass,
};
use serde_json::{Map, Value, json};

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
    aliases: [Alias { id: "common::swap", adapt }],
    patterns: [
        /// `relu`
        swap(relu) with options,
        /// nothing
        ours never(relu | exp),
    ],
}

/// Another default than ours.
fn adapt(mut options: Map<String, Value>) -> Result<Map<String, Value>, String> {
    options.entry("level").or_insert(7.into());
    Ok(options)
}

fn swap(_: &Swap, rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let x = rw.input(op, "x")?;
    rw.replace(op, NewOp::new("exp").with("x", x), &[])
}

fn never(_: &mut Rewrite<'_>, _: OpId) -> Matched {
    Err(No::miss("never"))
}

pass! {
    /// Erases what its operand's only use was for: `exp` of `relu` of x becomes `exp` of x, if the `relu` has
    /// no other user.
    pub struct Through;
    id: "through",
    numerics: Lossy { min_snr_db: 0.0 },
    patterns: [
        /// `relu` with one user
        single(relu),
        /// an `exp` that nothing uses
        unused(exp),
    ],
}

fn single(rw: &mut Rewrite<'_>, relu: OpId) -> Matched {
    rw.only_user(relu)?;
    let x = rw.input(relu, "x")?;
    rw.replace(relu, NewOp::new("sqrt").with("x", x), &[])
}

fn unused(rw: &mut Rewrite<'_>, exp: OpId) -> Matched {
    No::unless(rw.graph().is_unused(rw.result(exp)?), "it is used")?;
    rw.erase_unused(&[exp]);
    Ok(())
}

pass! {
    /// Asks for what does not exist.
    pub struct Misspells;
    id: "misspells",
    numerics: Exact,
    patterns: [
        /// every `relu`
        misspelt(relu),
    ],
}

fn misspelt(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let x = rw.input(op, "x")?;
    rw.replace(op, NewOp::new("exp").with("ex", x), &[])
}

pass! {
    /// Misses after it changed something.
    pub struct Late;
    id: "late",
    numerics: Exact,
    patterns: [
        /// every `relu`
        late(relu),
    ],
}

fn late(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    rw.graph_mut().rename_op(op, Some("changed".into()));
    Err(No::miss("too late"))
}

pass! {
    /// Changes all that a program has, then fails.
    pub struct Rebuilds;
    id: "rebuilds",
    numerics: Exact,
    scope: Program,
    changes_interface: true,
}

impl Pass for Rebuilds {
    fn run(&self, program: &mut Program, _: &mut PassCx<'_>) -> Result<(), PassError> {
        let main = program.functions.remove("main").unwrap();
        program
            .functions
            .insert("other".into(), Function::new(mil_ir::Release::IOS18.opset(), Graph::new(vec![])));
        program.functions.insert("more".into(), main);
        program.doc = "changed".into();
        program.interface.specification_version = 9;
        Err(PassError::Refused("on purpose".into()))
    }
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
        &[
            &Swap::DEF,
            &Panics::DEF,
            &Breaks::DEF,
            &Grows::DEF,
            &Through::DEF,
            &Misspells::DEF,
            &Late::DEF,
            &Rebuilds::DEF,
        ],
        &[("both", r#"["swap", {"fixpoint": ["swap"], "max": 2}]"#)],
    )
    .with_coremltools(&["common::swap", "common::swop_all"])
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
    assert!(
        matches!(&error, RunError::Panic { id, message } if id == "panics" && message == "on purpose"),
        "{error}"
    );
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
fn what_is_verified_already_is_taken_and_given_on() {
    let wrong = "tensor<fp32, [3]> wrong = sqrt(x = x)[name = string(\"wrong\")];";
    let program =
        text::parse(&print(&program()).replace("} -> (y);", &format!("{wrong}\n    }} -> (y);"))).unwrap();
    let before = mil_ops::verify_program(&program);
    assert_eq!(before.violations.iter().map(|found| found.code).collect::<Vec<_>>(), ["op-result"]);
    let run = |runner: Runner| {
        let mut program = program.clone();
        let report = runner.run(&Pipeline::new().add(Swap::default()), &mut program)?;
        Ok::<_, RunError>((report.verified, mil_ops::verify_program(&program)))
    };
    let (given, after) = run(Runner::new().verified(before)).unwrap();
    assert_eq!(given, Some(after));
    // Taken at its word: what it does not say is new.
    let error = run(Runner::new().verified(Report::default())).unwrap_err();
    let RunError::Invalid { violations, .. } = &error else { panic!("{error}") };
    assert!(violations.iter().any(|found| found.code == "op-result"), "{error}");
    assert_eq!(run(Runner::new().verify(false)).unwrap().0, None);
}

#[test]
fn text_and_json_round_trip() {
    let registry = registry();
    for (text, printed) in [
        ("", ""),
        (" swap , panics ", "swap,panics"),
        ("swap{level=2,mode=slow}", "swap{level=2,mode=slow}"),
        ("swap{level=1}", "swap{level=1}"),
        ("swap{mode=\"a,b\"}", "swap{mode=\"a,b\"}"),
        ("swap{mode=\"7\"}", "swap{mode=\"7\"}"),
        ("common::swap", "common::swap"),
        ("common::swap{level=1}", "common::swap{level=1}"),
        ("swap{disable=[\"swap\"]}", "swap{disable=[\"swap\"]}"),
        ("swap{only=[\"swap\"]}", "swap{only=[\"swap\"]}"),
        ("fixpoint(swap,grows)", "fixpoint(swap,grows){max=8}"),
        ("both", "swap,fixpoint(swap){max=2}"),
    ] {
        let pipeline = Pipeline::parse(text, &registry).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(pipeline.to_string(), printed);
        let json = Pipeline::from_json(&pipeline.to_json().to_string(), &registry).unwrap();
        assert_eq!(json.to_string(), printed);
        let again = Pipeline::parse(&json.to_string(), &registry).unwrap();
        let options = |pipeline: &Pipeline| pipeline.passes().map(|p| p.pass().options()).collect::<Vec<_>>();
        assert_eq!(options(&again), options(&pipeline), "the same options in effect");
    }
}

#[test]
fn an_instance_is_spelled_by_what_differs_from_the_defaults() {
    let pipeline = Pipeline::new().add(Swap { level: 3, ..Swap::default() }).add(Swap::default());
    assert_eq!(pipeline.to_string(), "swap{level=3},swap");
}

#[test]
fn setting_an_option_keeps_the_others_and_the_defaults_of_the_alias() {
    let mut pipeline = Pipeline::parse("fixpoint(common::swap{mode=slow}),swap", &registry()).unwrap();
    assert_eq!(pipeline.set("common::swap", "disable", &json!(["swap"])).unwrap(), 1);
    assert_eq!(pipeline.set("nothing", "level", &json!(1)).unwrap(), 0);
    assert_eq!(pipeline.to_string(), "fixpoint(common::swap{mode=slow,disable=[\"swap\"]}){max=8},swap");
    let first = pipeline.passes().next().unwrap();
    assert_eq!(first.pass().options()["level"], 7, "what the alias means by nothing");
    pipeline.set("common::swap", "level", &json!(2)).unwrap();
    let first = pipeline.passes().next().unwrap().pass().options();
    assert_eq!((&first["level"], &first["mode"]), (&json!(2), &json!("slow")));
}

#[test]
fn faults_in_pipelines_are_told() {
    let registry = registry();
    for (text, message) in [
        ("swop", "there is no pass or pipeline swop; is it swap or common::swap?"),
        (
            "swap,common::swop_all",
            "common::swop_all is a pass of coremltools that milopt does not have\n  swap,common::swop_all\n       ^",
        ),
        ("zzz", "there is no pass or pipeline zzz; `milopt passes` lists all"),
        ("swap,", "expected a pass, a pipeline or `fixpoint`\n  swap,\n       ^"),
        ("swap{level=x}", "options of swap: level: expected a whole number, not \"x\"\n  swap{level=x}\n  ^"),
        (
            "swap{depth=1}",
            "options of swap: there is no option depth; the options are level and mode\n  swap{depth=1}\n  ^",
        ),
        (
            "panics{depth=1}",
            "options of panics: there is no option depth; the pass has none\n  panics{depth=1}\n  ^",
        ),
        (
            "swap{disable=[\"all\"]}",
            "options of swap: there is no pattern all; it has swap, never\n  swap{disable=[\"all\"]}\n  ^",
        ),
        ("fixpoint(swap", "expected a comma or `)`\n  fixpoint(swap\n               ^"),
        (
            "swap,\n  fixpoint(swap){min=1}",
            "line 2 of the pipeline: a fixpoint takes `max=number`\n    fixpoint(swap){min=1}\n                         ^",
        ),
        ("swap)", "expected a comma or the end\n  swap)\n      ^"),
        ("both{max=1}", "a named pipeline takes no options\n  both{max=1}\n             ^"),
    ] {
        assert_eq!(Pipeline::parse(text, &registry).unwrap_err().to_string(), message);
    }
    let in_file = Pipeline::parse("swap,\nswop", &registry).unwrap_err().in_file("mine.txt").to_string();
    assert!(in_file.starts_with("mine.txt, line 2: there is no pass"), "{in_file}");
    let deep = format!("{}swap{}", "fixpoint(".repeat(1000), ")".repeat(1000));
    let error = Pipeline::parse(&deep, &registry).unwrap_err();
    assert!(matches!(error.fault(), GrammarFault::Syntax(_)));
}

#[test]
fn an_alias_has_only_the_patterns_of_coremltools() {
    let pipeline = Pipeline::parse("common::swap", &registry()).unwrap();
    let Entry::Pass(pass) = &pipeline.entries[0] else { panic!() };
    assert_eq!((pass.id(), pass.disabled()), ("common::swap", &["never"][..]));
}

#[test]
fn a_pass_takes_the_place_of_another_of_its_id() {
    let registry = registry().with(&Swap::DEF).with_pipeline("both", "[]");
    assert_eq!(registry.passes().iter().filter(|def| def.id == "swap").count(), 1);
    assert!(registry.pipeline("both").unwrap().unwrap().entries.is_empty());
}

/// Keeps what a reproducer would show.
#[derive(Default)]
struct Rest(std::rc::Rc<std::cell::RefCell<String>>);

impl Instrument for Rest {
    fn pass_failed(&mut self, event: &PassEvent<'_>, _: &Program, _: &RunError) {
        *self.0.borrow_mut() = event.rest.to_owned();
    }
}

#[test]
fn what_remains_begins_with_the_pass_that_failed() {
    for (text, wanted) in [
        ("swap,panics,grows", "panics,grows"),
        ("fixpoint(swap,panics,grows){max=3},swap", "fixpoint(panics,grows,swap){max=3},swap"),
        (
            "fixpoint(swap,fixpoint(grows,panics){max=2}){max=4},grows",
            "fixpoint(panics,grows){max=2},fixpoint(fixpoint(grows,panics){max=2},swap){max=4},grows",
        ),
    ] {
        let rest = Rest::default();
        let kept = rest.0.clone();
        let pipeline = Pipeline::parse(text, &registry()).unwrap();
        Runner::new().instrument(rest).run(&pipeline, &mut program()).unwrap_err();
        let again = Pipeline::parse(&kept.borrow(), &registry()).unwrap();
        assert_eq!(again.passes().next().unwrap().id(), "panics", "the failing pass is first");
        if !wanted.starts_with("fixpoint(panics,grows){max=2}") {
            assert_eq!(*kept.borrow(), wanted);
        }
    }
}

#[test]
fn undoing_a_pass_over_the_program_brings_all_of_it_back() {
    let mut program = program();
    let before = print(&program);
    let version = program.interface.specification_version;
    let error = run("rebuilds", &mut program).unwrap_err();
    assert!(matches!(&error, RunError::Pass { id, .. } if id == "rebuilds"), "{error}");
    assert_eq!(print(&program), before);
    assert_eq!((program.doc.as_str(), program.interface.specification_version), ("", version));
    assert_eq!(program.functions.keys().map(|name| name.as_str()).collect::<Vec<_>>(), ["main"]);
}

#[test]
fn a_mistake_of_a_pattern_fails_the_pass() {
    let mut program = program();
    let before = print(&program);
    let error = run("misspells", &mut program).unwrap_err();
    let RunError::Pass { source: PassError::Pattern { pattern, source, .. }, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!((*pattern, source.to_string().as_str()), ("misspelt", "exp has no parameter ex"));
    assert_eq!(print(&program), before);
}

#[test]
fn a_miss_after_a_change_is_undone_and_fails_where_bugs_are_looked_for() {
    let mut program = program();
    let before = print(&program);
    let result = run("late", &mut program);
    assert_eq!(print(&program), before);
    if cfg!(debug_assertions) {
        let error = result.unwrap_err();
        let RunError::Pass { source: PassError::ChangedThenMissed { reason, .. }, .. } = &error else {
            panic!("{error}")
        };
        assert_eq!(reason, "too late");
    } else {
        assert_eq!(result.unwrap().count("late", "undone"), 3);
    }
}

#[test]
fn producers_of_what_is_erased_are_looked_at_again() {
    let mut program = text::parse(
        r#"program(1.3)
{
    func main<ios17>(tensor<fp32, [2]> x) {
        tensor<fp32, [2]> a = relu(x = x)[name = string("a")];
        tensor<fp32, [2]> unused = exp(x = a)[name = string("unused")];
        tensor<fp32, [2]> y = square(x = a)[name = string("y")];
    } -> (y);
}
"#,
    )
    .unwrap();
    let report = run("through", &mut program).unwrap();
    assert_eq!((report.count("through", "unused"), report.count("through", "single")), (1, 1));
}
