//! The largest flow through a network, in rounds of shortest paths (Dinic, "Algorithm for solution of a problem
//! of maximum flow in networks with power estimation", 1970). petgraph's walks through all nodes for each path;
//! networks here are long and thin, and most paths are short.

/// No arc, and no distance.
const NONE: u32 = u32::MAX;

/// Nodes by number, and arcs between them.
#[derive(Debug, Default)]
pub(crate) struct Network {
    /// Of each node, the newest arc that leaves it.
    newest: Vec<u32>,
    arcs: Vec<Arc>,
}

/// An arc, beside which stands its opposite: arcs 2n and 2n + 1 belong together.
#[derive(Debug)]
struct Arc {
    to: u32,
    /// The next older arc that leaves the same node.
    older: u32,
    /// How much more can flow.
    room: u64,
}

impl Network {
    /// With so many nodes.
    pub(crate) fn of(nodes: usize) -> Network {
        Network { newest: vec![NONE; nodes], arcs: Vec::new() }
    }

    /// One more node; answers its number.
    pub(crate) fn add_node(&mut self) -> usize {
        self.newest.push(NONE);
        self.newest.len() - 1
    }

    /// An arc through which this much can flow.
    pub(crate) fn add_arc(&mut self, from: usize, to: usize, room: u64) {
        for (from, to, room) in [(from, to, room), (to, from, 0)] {
            let arc = Arc { to: to as u32, older: self.newest[from], room };
            self.newest[from] = self.arcs.len() as u32;
            self.arcs.push(arc);
        }
    }

    /// Lets as much flow from a source to a sink as can, and answers from which nodes more could get to the
    /// sink: the smallest side of a cheapest cut that the sink can be on.
    pub(crate) fn sink_side(mut self, source: usize, sink: usize) -> Vec<bool> {
        let mut distances = vec![NONE; self.newest.len()];
        let mut next = self.newest.clone();
        while self.measure(source, sink, &mut distances) {
            next.copy_from_slice(&self.newest);
            self.fill(source, sink, &distances, &mut next);
        }
        distances.into_iter().map(|distance| distance != NONE).collect()
    }

    /// The distance of each node to the sink, through arcs that have room, up to that of the source; `false`
    /// where the source has none.
    fn measure(&self, source: usize, sink: usize, distances: &mut [u32]) -> bool {
        distances.fill(NONE);
        distances[sink] = 0;
        let mut queue = vec![sink];
        let mut at = 0;
        while let Some(&node) = queue.get(at) {
            at += 1;
            let mut arc = self.newest[node];
            while let Some(Arc { to, older, .. }) = self.arcs.get(arc as usize) {
                let to = *to as usize;
                if distances[to] == NONE && self.arcs[arc as usize ^ 1].room > 0 {
                    distances[to] = distances[node] + 1;
                    if to == source {
                        return true;
                    }
                    queue.push(to);
                }
                arc = *older;
            }
        }
        false
    }

    /// Fills shortest paths until none has room. `next` is the arc by which each node is left next.
    fn fill(&mut self, source: usize, sink: usize, distances: &[u32], next: &mut [u32]) {
        let mut path: Vec<u32> = Vec::new();
        loop {
            let node = path.last().map_or(source, |&arc| self.arcs[arc as usize].to as usize);
            if node == sink {
                let room = path.iter().map(|&arc| self.arcs[arc as usize].room).min().unwrap_or(0);
                for &arc in &path {
                    self.arcs[arc as usize].room -= room;
                    self.arcs[arc as usize ^ 1].room += room;
                }
                // Back to where the path is full now.
                let full = path.iter().position(|&arc| self.arcs[arc as usize].room == 0);
                path.truncate(full.unwrap_or(0));
                continue;
            }
            match self.arcs.get(next[node] as usize) {
                Some(arc) if arc.room > 0 && closer(distances, node, arc.to as usize) => {
                    path.push(next[node])
                }
                Some(arc) => next[node] = arc.older,
                // A dead end: the arc that led here leads nowhere.
                None => match path.pop() {
                    Some(arc) => {
                        let from = self.arcs[arc as usize ^ 1].to as usize;
                        next[from] = self.arcs[arc as usize].older;
                    }
                    None => return,
                },
            }
        }
    }
}

/// An arc leads one step nearer to the sink.
fn closer(distances: &[u32], from: usize, to: usize) -> bool {
    distances[from] != NONE && distances[to] != NONE && distances[from] == distances[to] + 1
}
