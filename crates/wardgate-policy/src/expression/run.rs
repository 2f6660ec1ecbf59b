//! Working an expression out.

use super::STEPS_MAX;
use super::functions::Size;
use super::node::{Loop, Node};
use super::syntax::Operator;
use super::value::{List, Value};
use super::world::{At, World};
use std::cmp::Ordering;

/// Why an expression gave nothing for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A field that the thing at hand does not have.
    #[error("{0} is not known; ask has() first")]
    Unknown(&'static str),
    /// An item that a list does not have.
    #[error("a list has no such item")]
    Empty,
    /// A division by zero.
    #[error("a number was divided by zero")]
    DividedByZero,
    /// A whole number that is too large.
    #[error("a number became too large")]
    Overflow,
    /// More steps than [`STEPS_MAX`].
    #[error("it took too many steps")]
    TooMuch,
    /// A value of another type than was checked, which is a mistake of this program.
    #[error("a value had an unexpected type")]
    Type,
}

/// Works it out for a world.
pub(super) fn run<'w>(node: &'w Node, world: &'w World<'w>) -> Result<Value<'w>, Fault> {
    Run { world, steps_left: u64::from(STEPS_MAX), locals: Vec::new() }.value(node)
}

struct Run<'w> {
    world: &'w World<'w>,
    steps_left: u64,
    locals: Vec<Value<'w>>,
}

impl<'w> Run<'w> {
    fn spend(&mut self, steps: u64) -> Result<(), Fault> {
        self.steps_left = self.steps_left.checked_sub(steps).ok_or(Fault::TooMuch)?;
        Ok(())
    }

    fn value(&mut self, node: &'w Node) -> Result<Value<'w>, Fault> {
        self.spend(1)?;
        Ok(match node {
            Node::Bool(bool) => Value::Bool(*bool),
            Node::Int(number) => Value::Int(*number),
            Node::Double(number) => Value::Double(*number),
            Node::Text(text) => Value::text(text),
            Node::Texts(texts) => Value::List(List::Texts(texts)),
            Node::List(items) => List::own(items.iter().map(|item| self.value(item)).collect::<Result<_, _>>()?),
            Node::Root(field) => (field.read)(&Value::World(self.world)).ok_or(Fault::Unknown(field.name))?,
            Node::Local(index, _) => self.locals.get(*index).cloned().ok_or(Fault::Type)?,
            Node::Field(of, field) => {
                let of = self.value(of)?;
                self.spend(field.steps)?;
                (field.read)(&of).ok_or(Fault::Unknown(field.name))?
            }
            Node::Has(of, field) => {
                let of = self.value(of)?;
                self.spend(field.steps)?;
                Value::Bool((field.read)(&of).is_some_and(|value| value.is_known()))
            }
            Node::Index(of, index) => {
                let of = self.value(of)?;
                let Value::Int(index) = self.value(index)? else { return Err(Fault::Type) };
                let index = usize::try_from(index).map_err(|_| Fault::Empty)?;
                of.as_list().ok_or(Fault::Type)?.get(index).ok_or(Fault::Empty)?
            }
            Node::Not(of) => Value::Bool(!self.bool(of)?),
            Node::Negate(of) => match self.value(of)? {
                Value::Int(number) => Value::Int(number.checked_neg().ok_or(Fault::Overflow)?),
                Value::Double(number) => Value::Double(-number),
                _ => return Err(Fault::Type),
            },
            Node::And(one, other) => Value::Bool(self.either(one, other, false)?),
            Node::Or(one, other) => Value::Bool(self.either(one, other, true)?),
            Node::Binary(operator, one, other) => {
                let (one, other) = (self.value(one)?, self.value(other)?);
                self.binary(*operator, &one, &other)?
            }
            Node::If(condition, then, otherwise) => {
                let chosen = if self.bool(condition)? { then } else { otherwise };
                self.value(chosen)?
            }
            Node::Loop(kind, range, local, body) => {
                let range = self.value(range)?;
                self.each(*kind, range.as_list().ok_or(Fault::Type)?, *local, body)?
            }
            Node::At(of, zone) => match self.value(of)? {
                Value::Time(At { instant, .. }) => Value::Time(At { instant, read: zone.read(instant) }),
                _ => return Err(Fault::Type),
            },
            Node::Call(function, arguments) => {
                let mut values = [const { Value::Bool(false) }; 3];
                for (value, argument) in values.iter_mut().zip(arguments) {
                    *value = self.value(argument)?;
                }
                let values = &values[..arguments.len().min(3)];
                let sizes = [0, 1, 2].map(|index| values.get(index).map_or_else(Size::default, size_of));
                self.spend((function.bound)(&sizes).0)?;
                (function.run)(self.world, values)?
            }
        })
    }

    fn bool(&mut self, node: &'w Node) -> Result<bool, Fault> {
        self.value(node)?.as_bool().ok_or(Fault::Type)
    }

    /// Whether one of two is so, or, the other way round, not so. As in CEL, what decides alone decides even when the other is a
    /// fault.
    fn either(&mut self, one: &'w Node, other: &'w Node, decides: bool) -> Result<bool, Fault> {
        let first = self.bool(one);
        if first == Ok(decides) || first == Err(Fault::TooMuch) {
            return first;
        }
        match (first, self.bool(other)?) {
            (_, second) if second == decides => Ok(decides),
            (first, _) => first,
        }
    }

    fn binary(&mut self, operator: Operator, one: &Value<'w>, other: &Value<'w>) -> Result<Value<'w>, Fault> {
        let is = |wanted: fn(Ordering) -> bool| Value::Bool(one.compare(other).is_some_and(wanted));
        Ok(match operator {
            Operator::Equal | Operator::NotEqual => {
                self.spend(weight(one).min(weight(other)))?;
                Value::Bool(one.is_same(other) == (operator == Operator::Equal))
            }
            Operator::Less => is(Ordering::is_lt),
            Operator::LessOrEqual => is(Ordering::is_le),
            Operator::Greater => is(Ordering::is_gt),
            Operator::GreaterOrEqual => is(Ordering::is_ge),
            Operator::In => {
                self.spend(weight(other))?;
                Value::Bool(other.as_list().ok_or(Fault::Type)?.iter().any(|item| item.is_same(one)))
            }
            Operator::Add => match (one, other) {
                (Value::Text(one), Value::Text(other)) => {
                    self.spend(steps_of(one.len() + other.len()))?;
                    Value::Text(format!("{one}{other}").into())
                }
                (Value::List(one), Value::List(other)) => {
                    self.spend(steps_of(64 * (one.len() + other.len())))?;
                    List::own(one.iter().chain(other.iter()).collect())
                }
                _ => arithmetic(operator, one, other)?,
            },
            _ => arithmetic(operator, one, other)?,
        })
    }

    fn each(&mut self, kind: Loop, range: &List<'w>, local: usize, body: &'w Node) -> Result<Value<'w>, Fault> {
        let mut kept = Vec::new();
        let mut keys = Vec::new();
        let mut count = 0;
        let mut fault = None;
        for item in range.iter() {
            self.locals.truncate(local);
            self.locals.push(item.clone());
            let value = self.value(body);
            match (kind, value) {
                // What decides alone decides even when it is a fault for other items.
                (Loop::All | Loop::Exists, Err(other)) if other != Fault::TooMuch => fault = Some(other),
                (_, Err(other)) => return Err(other),
                (Loop::Filter, Ok(value)) => {
                    if value.as_bool().ok_or(Fault::Type)? {
                        kept.push(item);
                    }
                }
                (Loop::Map, Ok(value)) => kept.push(value),
                (Loop::All, Ok(Value::Bool(false))) => return Ok(Value::Bool(false)),
                (Loop::Exists, Ok(Value::Bool(true))) => return Ok(Value::Bool(true)),
                (Loop::ExistsOne, Ok(Value::Bool(true))) => count += 1,
                (Loop::SortBy, Ok(value)) => keys.push((value, item)),
                (Loop::All | Loop::Exists | Loop::ExistsOne, Ok(_)) => {}
            }
        }
        self.locals.truncate(local);
        Ok(match (kind, fault) {
            (_, Some(fault)) => return Err(fault),
            (Loop::Filter | Loop::Map, None) => List::own(kept),
            (Loop::All, None) => Value::Bool(true),
            (Loop::Exists, None) => Value::Bool(false),
            (Loop::ExistsOne, None) => Value::Bool(count == 1),
            (Loop::SortBy, None) => {
                self.spend(8 * keys.len() as u64)?;
                // What is not known comes last.
                keys.sort_by(|(one, _), (other, _)| {
                    one.compare(other).unwrap_or_else(|| other.is_known().cmp(&one.is_known()))
                });
                List::own(keys.into_iter().map(|(_, item)| item).collect())
            }
        })
    }
}

fn size_of(value: &Value<'_>) -> Size {
    let size = match value {
        Value::Text(text) => text.len() as u64,
        Value::List(list) => list.len() as u64,
        _ => 0,
    };
    Size { size, item: 0 }
}

/// How many steps it takes to look at a value.
fn weight(value: &Value<'_>) -> u64 {
    match value {
        Value::Text(text) => steps_of(text.len()),
        Value::List(list) => 1 + list.len() as u64,
        _ => 1,
    }
}

/// How many steps so many bytes take.
pub(super) const fn steps_of(bytes: usize) -> u64 {
    1 + bytes as u64 / 64
}

fn arithmetic<'w>(operator: Operator, one: &Value<'w>, other: &Value<'w>) -> Result<Value<'w>, Fault> {
    if let (Value::Int(one), Value::Int(other)) = (one, other) {
        if *other == 0 && matches!(operator, Operator::Divide | Operator::Remainder) {
            return Err(Fault::DividedByZero);
        }
        let result = match operator {
            Operator::Add => one.checked_add(*other),
            Operator::Subtract => one.checked_sub(*other),
            Operator::Multiply => one.checked_mul(*other),
            Operator::Divide => one.checked_div(*other),
            Operator::Remainder => one.checked_rem(*other),
            _ => return Err(Fault::Type),
        };
        return result.map(Value::Int).ok_or(Fault::Overflow);
    }
    let (Some(one), Some(other)) = (one.as_number(), other.as_number()) else { return Err(Fault::Type) };
    Ok(Value::Double(match operator {
        Operator::Add => one + other,
        Operator::Subtract => one - other,
        Operator::Multiply => one * other,
        Operator::Divide => one / other,
        _ => return Err(Fault::Type),
    }))
}
