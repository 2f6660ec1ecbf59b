//! Finding any of several sequences in a text that comes bit by bit, in time linear in the text (Aho and Corasick).
//!
//! A state is the longest end of what was read that begins one of the sequences, so its depth is exactly what has to be held
//! back. Ours, and not the crate of that name, because that one does not tell the depth.

use std::collections::HashMap;

/// Where a reading starts, and starts anew.
pub(super) const START: State = State(0);

/// What a reading remembers of the text so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct State(u32);

/// The sequences, as a tree with ways back.
#[derive(Debug)]
pub(super) struct Matcher {
    nodes: Vec<Node>,
    edges: HashMap<(u32, u8), u32>,
    /// The bytes with which a sequence begins: all others are passed quickly.
    begins: [bool; 256],
}

#[derive(Debug, Clone, Copy)]
struct Node {
    parent: u32,
    byte: u8,
    depth: u32,
    /// The longest shorter end of this node's text that also begins a sequence.
    back: u32,
    /// The longest sequence with which this node's text ends.
    whole: Option<u32>,
}

impl Matcher {
    /// For sequences none of which is empty.
    pub(super) fn new(sequences: &[String]) -> Self {
        let root = Node { parent: 0, byte: 0, depth: 0, back: 0, whole: None };
        let mut matcher = Self { nodes: vec![root], edges: HashMap::new(), begins: [false; 256] };
        for (number, sequence) in (0..).zip(sequences) {
            matcher.add(number, sequence.as_bytes());
        }
        matcher.lead_back();
        matcher
    }

    fn add(&mut self, number: u32, sequence: &[u8]) {
        let mut at = 0;
        for &byte in sequence {
            let (next, depth) = (self.nodes.len() as u32, self.nodes[at as usize].depth + 1);
            let reached = *self.edges.entry((at, byte)).or_insert(next);
            if reached == next {
                self.nodes.push(Node { parent: at, byte, depth, back: 0, whole: None });
            }
            at = reached;
        }
        if let Some(&first) = sequence.first() {
            self.begins[usize::from(first)] = true;
            self.nodes[at as usize].whole.get_or_insert(number);
        }
    }

    /// Finds the ways back, shorter texts first, since a longer one's goes by theirs.
    fn lead_back(&mut self) {
        let mut order: Vec<u32> = (1..self.nodes.len() as u32).collect();
        order.sort_by_key(|at| self.nodes[*at as usize].depth);
        for at in order {
            let Node { parent, byte, depth, whole, .. } = self.nodes[at as usize];
            let back = if depth == 1 { START } else { self.step(State(self.nodes[parent as usize].back), byte) };
            let of_back = self.nodes[back.0 as usize].whole;
            let node = &mut self.nodes[at as usize];
            node.back = back.0;
            node.whole = whole.or(of_back);
        }
    }

    fn step(&self, from: State, byte: u8) -> State {
        let State(mut at) = from;
        loop {
            if let Some(&next) = self.edges.get(&(at, byte)) {
                return State(next);
            }
            if at == 0 {
                return START;
            }
            at = self.nodes[at as usize].back;
        }
    }

    /// Reads on. Returns the number of the first sequence that is whole, the longest of several, and how many bytes of this text
    /// were read with its last one.
    pub(super) fn read(&self, state: &mut State, text: &str) -> Option<(usize, usize)> {
        for (at, &byte) in text.as_bytes().iter().enumerate() {
            if *state == START && !self.begins[usize::from(byte)] {
                continue;
            }
            *state = self.step(*state, byte);
            if let Some(number) = self.nodes[state.0 as usize].whole {
                return Some((number as usize, at + 1));
            }
        }
        None
    }

    /// How many bytes at the end of what was read may yet become a sequence.
    pub(super) fn depth(&self, state: State) -> usize {
        self.nodes[state.0 as usize].depth as usize
    }
}
