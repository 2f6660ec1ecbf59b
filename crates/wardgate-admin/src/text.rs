//! Rules for text fields, as data.

/// What a text field must be.
pub(crate) struct TextRule {
    /// The field.
    pub(crate) name: &'static str,
    /// Whether it must be there and hold something; with the foreign code for when it does not.
    required: Option<Option<&'static str>>,
    /// The most characters, our word for more, and the foreign code.
    max: (usize, &'static str, Option<&'static str>),
}

/// How a text breaks its rule.
#[derive(Debug)]
pub(crate) struct BrokenRule {
    pub(crate) code: &'static str,
    pub(crate) error_code: Option<&'static str>,
    pub(crate) why: String,
}

impl TextRule {
    /// A text that may be absent.
    pub(crate) const fn optional(
        name: &'static str,
        max: usize,
        too_long: &'static str,
        error_code: Option<&'static str>,
    ) -> Self {
        Self { name, required: None, max: (max, too_long, error_code) }
    }

    /// The same text, but it must be there and not be empty.
    pub(crate) const fn required(mut self, error_code: Option<&'static str>) -> Self {
        self.required = Some(error_code);
        self
    }

    pub(crate) fn check(&self, text: Option<&str>) -> Result<(), BrokenRule> {
        if let Some(error_code) = self.required
            && text.is_none_or(str::is_empty)
        {
            return Err(BrokenRule { code: "missing_field", error_code, why: "is required and must not be empty".to_owned() });
        }
        let (max, code, error_code) = self.max;
        let length = text.map_or(0, |text| text.chars().count());
        if length > max {
            let why = format!("has {length} characters, and may have at most {max}");
            return Err(BrokenRule { code, error_code, why });
        }
        Ok(())
    }
}
