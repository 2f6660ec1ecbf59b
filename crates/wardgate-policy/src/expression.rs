//! The expressions of strategies: CEL, the Common Expression Language, less what a strategy has no use for.
//!
//! [`Expression::compile`] parses a text, checks names and types against the [`World`] that expressions see, and reckons what it
//! may cost at worst; every mistake is told with its line and column. [`Expression::run`] works it out for one request. What it
//! costs is counted while it runs, too, so that no expression holds a request up, whatever was stored.
//!
//! A valid text means what it means in CEL. Left out are maps, bytes, unsigned numbers, lists of lists, and `matches`, for which
//! there is `glob`. Added is that whole and other numbers may be mixed. A number that is not known is not-a-number: it is neither
//! less nor more than anything, and `has()` says that it is not there.

mod token;
mod parse;
mod syntax;
mod types;
pub mod world;
mod check;
mod node;
mod fields;
mod functions;
mod value;
mod run;
mod glob;
pub mod never;

pub(crate) use check::Stage;
pub use run::Fault;
pub(crate) use types::{Item, Record, Type};
pub(crate) use value::Value;
use world::World;

/// The longest text of an expression, in bytes.
pub const SOURCE_BYTES_MAX: usize = 2_048;

/// The most steps that an expression may take at worst. A step is about 20 ns.
pub const STEPS_MAX: u32 = 50_000;

/// A compiled expression.
#[derive(Debug)]
pub struct Expression {
    node: node::Node,
    /// The most steps that it takes.
    steps_max: u64,
}

/// Something that is wrong with an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where it begins, in bytes from the start of the text.
    pub at: usize,
    /// What is wrong, for people; no full stop.
    pub text: String,
}

impl Mistake {
    /// The line and the column in the text, both from 1; columns are characters.
    #[must_use]
    pub fn place(&self, source: &str) -> (usize, usize) {
        let before = source.get(..self.at).unwrap_or(source);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

impl Expression {
    /// Compiles a text that must give a value of one of these types.
    ///
    /// # Errors
    /// With every mistake, in order of place; never empty. A text that is no CEL has one.
    pub(crate) fn compile(source: &str, stage: Stage, wanted: &[Type]) -> Result<Self, Vec<Mistake>> {
        if source.len() > SOURCE_BYTES_MAX {
            let text = format!("the expression has {} bytes, and may have at most {SOURCE_BYTES_MAX}", source.len());
            return Err(vec![Mistake { at: 0, text }]);
        }
        let syntax = parse::parse(source).map_err(|mistake| vec![mistake])?;
        let (node, steps_max) = check::check(&syntax, stage, wanted)?;
        Ok(Self { node, steps_max })
    }

    /// Works it out.
    pub(crate) fn run<'w>(&'w self, world: &'w World<'w>) -> Result<Value<'w>, Fault> {
        run::run(&self.node, world)
    }

    pub(crate) const fn node(&self) -> &node::Node {
        &self.node
    }

    /// The most steps that it takes.
    #[must_use]
    pub const fn steps_max(&self) -> u64 {
        self.steps_max
    }
}

#[cfg(test)]
mod tests;
