//! The texts that most objects carry.

use crate::body::{Change, Text};
use wardgate_core::label::Label;

/// A name, which may be absent.
pub(crate) const NAME: Text = Text::max(255);

/// A description for people.
pub(crate) const DESCRIPTION: Text = Text::max(255).too_long("ERR_NGROK_27004");

/// Free text for programs.
pub(crate) const METADATA: Text = Text::max(4_096).too_long("ERR_NGROK_27005");

/// A name that is always there and unique.
pub(crate) const REQUIRED_NAME: Text = Text::max(255).filled(Some("ERR_NGROK_27006"));

/// Changes the description and metadata of a label.
pub(crate) fn change_label(label: &mut Label, description: &Change<String>, metadata: &Change<String>) {
    description.apply_to(&mut label.description);
    metadata.apply_to(&mut label.metadata);
}
