use mil_tensor::random::Stream;

use super::*;

/// Weights with forms as they are measured: smaller forms lose more, and a few make no sense.
fn weights(count: usize, forms: usize, seed: u64) -> Vec<Vec<Form>> {
    let mut random = Stream::new(seed);
    let weight = |random: &mut Stream| {
        let (elements, gain) = (16.0 + 1e4 * random.unit(), 0.01 + random.unit());
        let form = |bits: usize| Form {
            size: (elements * bits as f64 / 8.0) as u64,
            error: gain * 4_f64.powi(-(bits as i32)) * (0.5 + random.unit()),
        };
        (1..=forms).map(form).collect()
    };
    (0..count).map(|_| weight(&mut random)).collect()
}

/// All choices.
fn exhaustive(weights: &[Vec<Form>]) -> Vec<(u64, f64)> {
    let mut all = vec![(0, 0.0)];
    for forms in weights {
        all = all
            .iter()
            .flat_map(|&(size, error)| forms.iter().map(move |form| (size + form.size, error + form.error)))
            .collect();
    }
    all
}

#[test]
fn no_choice_is_better() {
    for seed in 0..60 {
        let weights = weights(1 + seed as usize % 6, 2 + seed as usize % 4, seed);
        let all = exhaustive(&weights);
        let (least, most) = (all.iter().map(|c| c.0).min().unwrap(), all.iter().map(|c| c.0).max().unwrap());
        for part in [0.0, 0.1, 0.37, 0.5, 0.9, 1.0] {
            let limit = least + ((most - least) as f64 * part) as u64;
            let found = least_error(&weights, limit).unwrap();
            let best = all.iter().filter(|c| c.0 <= limit).map(|c| c.1).fold(f64::INFINITY, f64::min);
            assert!(found.size <= limit && found.is_optimal);
            assert!((found.error - best).abs() <= 1e-9 * best, "{seed} {part}: {} {best}", found.error);
            let back = least_size(&weights, best * (1.0 + 1e-9)).unwrap();
            let smallest = all.iter().filter(|c| c.1 <= best * (1.0 + 1e-9)).map(|c| c.0).min().unwrap();
            assert_eq!(back.size, smallest, "{seed} {part}");
        }
    }
}

#[test]
fn what_does_not_fit_is_no_answer() {
    let weights = weights(3, 3, 1);
    assert_eq!(least_error(&weights, 1), None);
    assert_eq!(least_size(&weights, 0.0), None);
    assert_eq!(least_error(&[vec![Form { size: 1, error: f64::NAN }]], 9), None);
    assert_eq!(least_error(&[vec![]], 9), None);
    assert_eq!(least_error(&[], 9).unwrap().chosen, [0; 0]);
}

#[test]
fn hundreds_of_weights_are_solved_to_the_optimum() {
    let weights = weights(300, 8, 5);
    let whole: u64 = weights.iter().map(|forms| forms[7].size).sum();
    for part in [0.3, 0.5, 0.8] {
        let found = least_error(&weights, (whole as f64 * part) as u64).unwrap();
        assert!(found.error - found.bound <= 1e-3 * found.error, "{found:?}");
        assert!(found.size <= (whole as f64 * part) as u64);
    }
}

#[test]
fn a_search_that_is_cut_short_says_how_far_it_may_be_off() {
    let weights = weights(30, 8, 9);
    let pairs = pairs(&weights, |form| (form.error, form.size as f64)).unwrap();
    let limit = weights.iter().map(|forms| forms[3].size).sum::<u64>() as f64;
    let exact = search::solve(&pairs, limit, search::MOST).unwrap();
    let cost = |found: &search::Found| -> f64 {
        pairs.iter().zip(&found.chosen).map(|(item, &at)| item[at].0).sum()
    };
    assert!(exact.is_optimal);
    for most in [1, 4, 64] {
        let cut = search::solve(&pairs, limit, most).unwrap();
        assert!(cut.bound <= cost(&exact) * (1.0 + 1e-9), "{most}");
        assert!(cost(&cut) >= cost(&exact) * (1.0 - 1e-9), "{most}");
    }
}
