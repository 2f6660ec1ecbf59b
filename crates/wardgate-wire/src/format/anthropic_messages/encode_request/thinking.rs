//! How to think, in a Messages request, and the form of the answer, which stands beside it.

use crate::format::anthropic_messages::thinking;
use crate::json::Json;
use crate::neutral::request::{Effort, OutputForm};
use crate::transcode::arrange::Message;
use crate::transcode::fit::Fit;
use crate::transcode::schema;

/// Writes how to think, in the way that the model knows. Says whether it is told to.
pub(super) fn thinking(fit: &Fit<'_>, json: &mut Json<'_>, messages: &[Message<'_>], tokens_max: u64) -> bool {
    let told = thinking::decide(fit, messages, tokens_max);
    told.write(json, fit.request.thinking.shown);
    output_config(fit, json, told.effort());
    told.is_thinking()
}

/// `output_config`: the effort and the form of the answer, where there is either.
fn output_config(fit: &Fit<'_>, json: &mut Json<'_>, effort: Option<Effort>) {
    let schema = match &fit.request.output {
        OutputForm::JsonSchema { schema, .. } if fit.target.traits.has_json_schema => Some(schema),
        _ => None,
    };
    if effort.is_none() && schema.is_none() {
        return;
    }
    json.put_object("output_config", |json| {
        json.put_some("effort", effort.map(Effort::name));
        if let Some(schema) = schema {
            json.put_object("format", |json| {
                json.put("type", "json_schema");
                json.put_raw("schema", &schema::for_anthropic(schema));
            });
        }
    });
}
