//! An average in which the latest counts most.

use wardgate_core::health::Measure;

/// How much of an average one more value is.
const SHARE: f64 = 0.2;

/// A mean absolute deviation is about this much smaller than a standard deviation.
const TO_STANDARD: f64 = 1.25;

/// The average of a measured value.
#[derive(Debug, Clone, Copy, Default)]
pub struct Average(Option<Measure>);

impl Average {
    /// Takes one more value.
    pub fn add(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        self.0 = Some(match self.0 {
            None => Measure { mean: value, deviation: 0.0 },
            Some(Measure { mean, deviation }) => {
                let distance = (value - mean).abs() * TO_STANDARD;
                Measure { mean: mean + SHARE * (value - mean), deviation: deviation + SHARE * (distance - deviation) }
            }
        });
    }

    /// What it is; none before the first value.
    #[must_use]
    pub const fn measure(&self) -> Option<Measure> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_counts_most_and_steady_values_do_not_stray() {
        let of = |values: &[f64]| {
            let mut average = Average::default();
            values.iter().for_each(|value| average.add(*value));
            average.measure()
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[f64::NAN]), None);
        assert_eq!(of(&[2.0; 5]), Some(Measure { mean: 2.0, deviation: 0.0 }));
        let moved = of(&[1.0, 1.0, 1.0, 11.0]).unwrap_or_default();
        assert!((moved.mean - 3.0).abs() < 1e-9 && (moved.deviation - 2.5).abs() < 1e-9, "{moved:?}");
    }
}
