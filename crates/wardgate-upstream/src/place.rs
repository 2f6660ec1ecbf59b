//! The URL of one call. Most endpoints have one URL; some name the model in it, and those of clouds name what comes with the
//! credential, such as its region.
//!
//! A template holds `{name}` or `{name=default}`. What a tenant writes into a credential comes between the slashes and dots of
//! a URL that the catalog gives, so only letters, digits and hyphens are taken: it cannot lead anywhere else.

use crate::auth::{AuthError, Fields, percent};
use std::borrow::Cow;
use wardgate_core::secret::Secret;

/// The URL of a template for a model and a credential.
///
/// # Errors
/// When a part is missing or cannot stand in a URL.
pub fn fill<'t>(template: &'t str, model: &str, credential: Option<&Secret>) -> Result<Cow<'t, str>, AuthError> {
    if !template.contains('{') {
        return Ok(Cow::Borrowed(template));
    }
    let fields = credential.map(Fields::read).transpose()?.unwrap_or_default();
    let mut url = String::with_capacity(template.len() + model.len());
    let mut rest = template;
    while let Some((before, (part, behind))) =
        rest.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
    {
        url.push_str(before);
        let (name, default) = part.split_once('=').map_or((part, None), |(name, default)| (name, Some(default)));
        if name == "model" {
            percent::encode(model.as_bytes(), None, &mut url);
        } else {
            let value = value(&fields, name)?.or(default.map(Cow::Borrowed));
            url.push_str(&value.ok_or_else(|| AuthError::PlaceMissing(name.to_owned()))?);
        }
        rest = behind;
    }
    url.push_str(rest);
    Ok(Cow::Owned(url))
}

fn value<'f>(fields: &'f Fields<'_>, name: &str) -> Result<Option<Cow<'f, str>>, AuthError> {
    let plain = |value: &'f Option<Cow<'_, str>>| {
        let value = value.as_deref();
        let is_plain = |value: &str| value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        match value.filter(|value| !value.is_empty()) {
            Some(value) if !is_plain(value) => Err(AuthError::PlaceWrong(name.to_owned())),
            value => Ok(value),
        }
    };
    Ok(match name {
        "region" => plain(&fields.region)?.map(Cow::Borrowed),
        "resource" => plain(&fields.resource)?.map(Cow::Borrowed),
        "project_id" => plain(&fields.project_id)?.map(Cow::Borrowed),
        "location" => plain(&fields.location)?.map(Cow::Borrowed),
        // Vertex AI has a host for each region, one for each continent, and one for the world.
        "vertex_host" => Some(match plain(&fields.location)?.unwrap_or("global") {
            "global" => Cow::Borrowed("aiplatform.googleapis.com"),
            continent @ ("us" | "eu") => format!("aiplatform.{continent}.rep.googleapis.com").into(),
            region => format!("{region}-aiplatform.googleapis.com").into(),
        }),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(template: &str, credential: &str, expected: &str) {
        let credential = Secret::from(credential);
        let filled = fill(template, "us.a.b-v1:0", Some(&credential));
        let filled = filled.map_or_else(|error| error.to_string(), Cow::into_owned);
        assert_eq!(filled, expected, "{template}");
    }

    #[test]
    fn parts_come_from_the_model_the_credential_and_the_template() {
        check("https://h/v1/x?y", "k", "https://h/v1/x?y");
        let converse = "https://bedrock-runtime.{region=us-east-1}.amazonaws.com/model/{model}/converse";
        check(converse, "k", "https://bedrock-runtime.us-east-1.amazonaws.com/model/us.a.b-v1%3A0/converse");
        check(
            converse,
            r#"{"region":"eu-west-1","access_key_id":"a"}"#,
            "https://bedrock-runtime.eu-west-1.amazonaws.com/model/us.a.b-v1%3A0/converse",
        );
        let vertex = "https://{vertex_host}/v1/projects/{project_id}/locations/{location=global}/x";
        for (location, expected) in [
            ("global", "https://aiplatform.googleapis.com/v1/projects/p-1/locations/global/x"),
            ("eu", "https://aiplatform.eu.rep.googleapis.com/v1/projects/p-1/locations/eu/x"),
            ("us-east5", "https://us-east5-aiplatform.googleapis.com/v1/projects/p-1/locations/us-east5/x"),
        ] {
            check(vertex, &format!(r#"{{"project_id":"p-1","location":"{location}"}}"#), expected);
        }
        check(vertex, r#"{"project_id":"p-1"}"#, "https://aiplatform.googleapis.com/v1/projects/p-1/locations/global/x");
    }

    #[test]
    fn a_credential_cannot_lead_elsewhere_or_show_itself() {
        let azure = "https://{resource}.openai.azure.com/openai/v1/x";
        for resource in ["a.evil.example/", "127.0.0.1:80/?", "a@b", "a b", "%61", "é"] {
            let wrong = "the provider key's field resource may have letters, digits and hyphens only";
            check(azure, &format!(r#"{{"resource":"{resource}"}}"#), wrong);
        }
        let missing = "the provider key must be a JSON object that has the field resource";
        check(azure, "sk-plain", missing);
        check(azure, r#"{"api_key":"k","resource":""}"#, missing);
        check(
            "https://h/{private_key}",
            r#"{"private_key":"k"}"#,
            "the provider key must be a JSON object that has the field private_key",
        );
        check(azure, r#"{"resource": "#, "the provider key begins like a JSON object and cannot be read as one");
    }
}
