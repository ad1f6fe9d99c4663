use super::*;

const NO: Option<f64> = None;

fn times(ane: Option<f64>, cpu: f64) -> [Option<f64>; 4] {
    [ane, Some(cpu), Some(cpu * 1.15), NO]
}

fn devices(plan: &Plan) -> String {
    (0..plan.backends.len())
        .map(|op| match plan.device(op) {
            Device::Ane => 'A',
            Device::Cpu => 'c',
            Device::Gpu => 'g',
            _ => '-',
        })
        .collect()
}

#[test]
fn constants_are_those_of_the_header() {
    let planner = Planner::known();
    assert_eq!((planner.launch[0], planner.switch, planner.end[0]), (0.125, 0.125, 0.125));
    assert_eq!((planner.launch[1], planner.end[1]), (0.0, 0.0));
}

/// 751K, M4: a 3x3 conv saves 0.095 ms: one stays on the CPU, four go to the ANE.
#[test]
fn an_island_must_pay_for_its_switches() {
    let conv = times(Some(0.0046742808), 0.1000638818);
    assert_eq!(devices(&place(&[conv; 1], &Planner::known())), "c");
    assert_eq!(devices(&place(&[conv; 2], &Planner::known())), "cc");
    let four = place(&[conv; 4], &Planner::known());
    assert_eq!(devices(&four), "AAAA");
    assert!((four.cost - (4.0 * 0.0046742808 + 0.25)).abs() < 1e-12);
}

#[test]
fn an_island_costs_more_in_the_middle_and_at_the_tail() {
    let (cpu, ane) = (times(NO, 0.001), times(Some(0.0), 0.1));
    let place = |ops: &[[Option<f64>; 4]]| devices(&place(ops, &Planner::known()));
    assert_eq!(place(&[ane, ane, ane, cpu]), "AAAc", "0.25 ms");
    assert_eq!(place(&[cpu, ane, ane, ane]), "cccc", "0.375 ms");
    assert_eq!(place(&[cpu, ane, ane, ane, cpu]), "ccccc", "0.375 ms");
    assert_eq!(place(&[cpu, ane, ane, ane, ane, cpu]), "cAAAAc");
}

#[test]
fn equal_times_are_ties() {
    let conv = times(Some(0.0), 0.2);
    let relu = times(Some(0.01), 0.01);
    let cpu = times(NO, 0.001);
    let plan = place(&[conv, conv, conv, relu, cpu], &Planner::known());
    assert_eq!(devices(&plan), "AAAAc", "stays where it is");
    assert!(plan.is_tie(3) && !plan.is_tie(2) && !plan.is_tie(4));
    assert_eq!(plan.margin(4), None);
    assert!(plan.margin(0).unwrap() > 0.0);
}

#[test]
fn ops_that_nothing_runs_are_passed_over() {
    let conv = times(Some(0.0), 0.1);
    let plan = place(&[conv, conv, [NO; 4], conv, conv], &Planner::known());
    assert_eq!(devices(&plan), "AA-AA");
    assert_eq!(place(&[], &Planner::known()), Plan::default());
    assert_eq!(devices(&place(&[[NO; 4]], &Planner::known())), "-");
}

/// All placements of up to six ops, by hand.
#[test]
fn the_path_is_the_cheapest() {
    let planner = Planner::known();
    let mut stream = mil_tensor::random::Stream::new(7);
    let mut random = move || stream.unit();
    for _ in 0..50 {
        let ops: Vec<[Option<f64>; 4]> = (0..5)
            .map(|_| {
                let mut op =
                    [Some(random() * 0.2), Some(random() * 0.4), Some(random() * 0.4), Some(random() * 0.3)];
                op[0] = op[0].filter(|_| random() > 0.3);
                op
            })
            .collect();
        let mut best = f64::INFINITY;
        for code in 0..4_usize.pow(5) {
            let path: Vec<usize> = (0..5).map(|at| code / 4_usize.pow(at) % 4).collect();
            let mut cost = planner.launch[path[0]] + planner.end[path[4]];
            for at in 0..5 {
                cost += ops[at][path[at]].unwrap_or(f64::INFINITY);
                cost += if at > 0 { planner.change(path[at - 1], path[at]) } else { 0.0 };
            }
            best = best.min(cost);
        }
        let plan = place(&ops, &planner);
        assert!((plan.cost - best).abs() < 1e-12);
        for (through, backend) in plan.through.iter().zip(&plan.backends) {
            assert!((through[backend.unwrap() as usize] - best).abs() < 1e-12);
        }
    }
}

#[test]
fn another_order_may_have_fewer_segments() {
    use Device::{Ane, Cpu};
    // Two independent chains, interleaved in program order.
    let devices = [Ane, Cpu, Ane, Cpu, Ane];
    let needs = [vec![], vec![], vec![0], vec![1], vec![2]];
    assert_eq!(least_segments(&devices, &needs), 2);
    // One chain stays as it is.
    let chain = [vec![], vec![0], vec![1], vec![2], vec![3]];
    assert_eq!(least_segments(&devices, &chain), 5);
    assert_eq!(least_segments(&[], &[]), 0);
    assert_eq!(least_segments(&[Device::None, Ane, Device::None], &[vec![], vec![0], vec![1]]), 1);
}
