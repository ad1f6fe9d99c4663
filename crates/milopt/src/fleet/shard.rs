//! Who does which tasks.

use std::str::FromStr;

use super::Task;

/// One of several that divide all tasks between them: `0/3` is the first of three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    number: usize,
    of: usize,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let fault = || format!("expected a shard such as 0/3, counted from 0, not {text}");
        let (number, of) = text.split_once('/').ok_or_else(fault)?;
        let (Ok(number), Ok(of)) = (number.parse(), of.parse()) else { return Err(fault()) };
        if number < of { Ok(Shard { number, of }) } else { Err(fault()) }
    }
}

impl Shard {
    /// The tasks that are its own: the longest first, each to whoever has least to do.
    pub(super) fn tasks(self, all: &[Task]) -> Vec<usize> {
        let mut order: Vec<&Task> = all.iter().collect();
        order.sort_by_key(|task| (std::cmp::Reverse(task.cost), task.id));
        let (mut loads, mut own) = (vec![0_u64; self.of], Vec::new());
        for task in order {
            let least = (0..self.of).min_by_key(|&at| (loads[at], at)).unwrap_or(0);
            loads[least] = loads[least].saturating_add(task.cost.max(1));
            if least == self.number {
                own.push(task.id);
            }
        }
        own.sort_unstable();
        own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tasks(costs: &[u64]) -> Vec<Task> {
        costs.iter().enumerate().map(|(id, &cost)| Task { id, cost, ..Task::default() }).collect()
    }

    #[test]
    fn shards_are_numbers_below_their_count() {
        assert_eq!("0/3".parse(), Ok(Shard { number: 0, of: 3 }));
        for text in ["3/3", "1", "/", "-1/2", "0/0", "1/2/3", "a/b"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }

    #[test]
    fn every_task_is_done_once_and_loads_are_even() {
        let all = tasks(&[5, 1, 9, 3, 3, 7, 2, 8, 0, 0]);
        for of in 1..12 {
            let shards: Vec<Vec<usize>> = (0..of).map(|number| Shard { number, of }.tasks(&all)).collect();
            let mut done: Vec<usize> = shards.iter().flatten().copied().collect();
            done.sort_unstable();
            assert_eq!(done, (0..all.len()).collect::<Vec<_>>());
        }
        let load = |shard: &str| -> u64 {
            shard.parse::<Shard>().unwrap().tasks(&all).iter().map(|&id| all[id].cost).sum()
        };
        assert_eq!((load("0/2"), load("1/2")), (19, 19));
    }
}
