//! What a body wants beside its models: preferences, and what a model must be able to do for it.
//!
//! A second look at a body, for those requests only in which routing needs more than [`crate::peek`] finds.

use crate::peek::Key;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// The most names of parameters that are kept.
const PARAMS_MAX: usize = 128;

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Wants<'b> {
    /// The value of `provider`, as it stands there.
    pub provider: Option<&'b str>,
    /// The value of `route`.
    pub route: Option<&'b str>,
    /// The value of `plugins`.
    pub plugins: Option<&'b str>,
    /// The names at the top of the body, but for fields that steer the gateway; the first [`PARAMS_MAX`] of them.
    pub params: Vec<String>,
    /// What is in the conversation and what is asked of the answer, each once.
    pub features: Vec<Feature>,
    /// Bytes of text, without images and the like.
    pub text_bytes: u64,
    /// A number for the conversation: by the session that the client names, else by how the conversation begins. None: there is
    /// neither.
    pub conversation: Option<u64>,
    /// Whether it names its session by `session_id`.
    pub names_session: bool,
    /// Whether it names its session at all.
    pub has_session: bool,
}

/// Something that not every model can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    /// There is an image in the conversation.
    Image,
    /// There is a document in it.
    File,
    /// There is sound in it.
    Audio,
    /// There are moving pictures in it.
    Video,
    /// Tools may be called.
    Tools,
    /// The answer is to follow a schema.
    JsonSchema,
    /// The model is to think first.
    Reasoning,
}

/// Looks into a body that [`crate::peek`] accepted. What cannot be read is as if it were not there: the provider will say so.
#[must_use]
pub fn read(body: &[u8]) -> Wants<'_> {
    let mut found = Found::default();
    let read = serde_json::Deserializer::from_slice(body).deserialize_map(Top { found: &mut found });
    if read.is_err() {
        return Wants::default();
    }
    found.wants.has_session = found.session.is_some();
    found.wants.conversation = found.session.or_else(|| found.beginning());
    found.wants
}

#[derive(Default)]
struct Found<'b> {
    wants: Wants<'b>,
    session: Option<u64>,
    system: Option<&'b str>,
    messages: Option<&'b RawValue>,
}

impl<'b> Found<'b> {
    fn note(&mut self, feature: Feature) {
        if !self.wants.features.contains(&feature) {
            self.wants.features.push(feature);
        }
    }

    /// Takes one member of the body.
    fn take(&mut self, name: &str, value: &'b RawValue) {
        let text = value.get();
        let is_set = !matches!(text, "null" | "[]" | "{}" | "false" | "\"\"");
        match name {
            "provider" => self.wants.provider = Some(text),
            "route" => self.wants.route = Some(text),
            "plugins" => self.wants.plugins = Some(text),
            "session_id" if is_set => {
                self.wants.names_session = true;
                self.session = Some(hash(text.trim_matches('"').as_bytes(), 1));
            }
            "prompt_cache_key" if is_set => self.session = self.session.or(Some(hash(text.as_bytes(), 2))),
            "messages" | "input" | "contents" | "prompt" | "content" | "requests" => {
                self.messages = Some(value);
                self.walk(value);
            }
            "system" | "instructions" | "systemInstruction" | "system_instruction" => {
                self.system = Some(text);
                self.walk(value);
            }
            "tools" | "functions" if is_set => {
                self.note(Feature::Tools);
                self.wants.text_bytes += text.len() as u64;
            }
            "response_format" | "text" if text.contains("\"json_schema\"") => self.note(Feature::JsonSchema),
            "reasoning" if is_set && !text.contains("\"none\"") && !text.contains("false") => self.note(Feature::Reasoning),
            "reasoning_effort" if is_set && text != "\"none\"" => self.note(Feature::Reasoning),
            "thinking" if is_set && !text.contains("\"disabled\"") => self.note(Feature::Reasoning),
            _ => {}
        }
    }

    fn walk(&mut self, value: &RawValue) {
        let walk = Walk { found: &mut self.wants, is_media: false };
        // It was read before as part of the body.
        let _ = walk.deserialize(&mut serde_json::Deserializer::from_str(value.get()));
    }

    /// By what the system says first, and whoever speaks first after that.
    fn beginning(&self) -> Option<u64> {
        let text = self.messages?.get();
        let Ok(messages) = serde_json::from_str::<Vec<&RawValue>>(text) else {
            return Some(hash(text.as_bytes(), 3));
        };
        let is_system = |message: &&&RawValue| {
            let head = message.get();
            head.contains("\"role\":\"system\"") || head.contains("\"role\": \"system\"") || head.contains("\"developer\"")
        };
        let system = self.system.or_else(|| messages.iter().find(is_system).map(|message| message.get()));
        let first = messages.iter().find(|message| !is_system(message)).map(|message| message.get());
        if system.is_none() && first.is_none() {
            return None;
        }
        Some(hash(first.unwrap_or_default().as_bytes(), hash(system.unwrap_or_default().as_bytes(), 4)))
    }
}

/// A number for some bytes, well spread and the same in every process.
#[must_use]
pub fn hash(bytes: &[u8], seed: u64) -> u64 {
    let start = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0xcbf2_9ce4_8422_2325;
    bytes.iter().fold(start, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

struct Top<'f, 'b> {
    found: &'f mut Found<'b>,
}

impl<'b> Visitor<'b> for Top<'_, 'b> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'b>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Key(name)) = map.next_key()? {
            let value: &'b RawValue = map.next_value()?;
            if self.found.wants.params.len() < PARAMS_MAX && !crate::peek::GATEWAY_ONLY.contains(&&*name) {
                self.found.wants.params.push(name.clone().into_owned());
            }
            self.found.take(&name, value);
        }
        Ok(())
    }
}

/// Reads a conversation for what is in it.
struct Walk<'f, 'b> {
    found: &'f mut Wants<'b>,
    is_media: bool,
}

/// Members whose texts are addresses or encoded bytes, and what they hold.
const MEDIA: [(&str, Feature); 10] = [
    ("image_url", Feature::Image),
    ("input_audio", Feature::Audio),
    ("video_url", Feature::Video),
    ("file", Feature::File),
    ("file_data", Feature::File),
    ("inlineData", Feature::Image),
    ("inline_data", Feature::Image),
    ("fileData", Feature::File),
    ("source", Feature::File),
    ("image", Feature::Image),
];

/// What the `type` of a part says.
const TYPES: [(&str, Feature); 11] = [
    ("image_url", Feature::Image),
    ("image", Feature::Image),
    ("input_image", Feature::Image),
    ("file", Feature::File),
    ("document", Feature::File),
    ("input_file", Feature::File),
    ("input_audio", Feature::Audio),
    ("audio", Feature::Audio),
    ("video_url", Feature::Video),
    ("input_video", Feature::Video),
    ("video", Feature::Video),
];

impl<'de> DeserializeSeed<'de> for Walk<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        if !self.is_media {
            self.found.text_bytes += text.len() as u64;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Walk { found: &mut *self.found, is_media: self.is_media })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Key(name)) = map.next_key()? {
            if name == "type" {
                let kind: &RawValue = map.next_value()?;
                let kind = kind.get().trim_matches('"');
                if let Some((_, feature)) = TYPES.iter().find(|(known, _)| *known == kind)
                    && !self.found.features.contains(feature)
                {
                    self.found.features.push(*feature);
                }
                continue;
            }
            let media = MEDIA.iter().find(|(known, _)| *known == name);
            // A source says by the type beside it what it is; the others say so by their names.
            if let Some((_, feature)) = media.filter(|(known, _)| !matches!(*known, "source" | "file" | "image"))
                && !self.found.features.contains(feature)
            {
                self.found.features.push(*feature);
            }
            map.next_value_seed(Walk { found: &mut *self.found, is_media: self.is_media || media.is_some() })?;
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(body: &str, features: &[Feature], text_bytes: u64) {
        let wants = read(body.as_bytes());
        assert_eq!((wants.features.as_slice(), wants.text_bytes), (features, text_bytes), "{body}");
    }

    #[test]
    fn what_is_in_a_conversation_is_found_in_every_format() {
        use Feature::{Audio, File, Image, JsonSchema, Reasoning, Tools, Video};
        check(r#"{"model":"m","messages":[{"role":"user","content":"12345"}]}"#, &[], 9);
        let parts = |parts: &str| format!(r#"{{"messages":[{{"content":[{parts}]}}]}}"#);
        check(&parts(r#"{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}"#), &[Image], 0);
        check(&parts(r#"{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}"#), &[Audio], 0);
        check(&parts(r#"{"type":"file","file":{"filename":"a","file_data":"AAAA"}}"#), &[File], 0);
        check(&parts(r#"{"type":"video_url","video_url":{"url":"https://x"}}"#), &[Video], 0);
        check(&parts(r#"{"type":"image","source":{"type":"base64","data":"AAAA"}}"#), &[Image], 0);
        check(&parts(r#"{"type":"document","source":{"type":"base64","data":"AAAA"}}"#), &[File], 0);
        check(&parts(r#"{"type":"text","text":"image"}"#), &[], 5);
        check(r#"{"input":"123","tools":[{}],"text":{"format":{"type":"json_schema"}}}"#, &[Tools, JsonSchema], 7);
        check(r#"{"prompt":"12","reasoning":{"effort":"high"},"tools":[]}"#, &[Reasoning], 2);
        check(r#"{"prompt":"12","reasoning":{"effort":"none"},"thinking":{"type":"disabled"}}"#, &[], 2);
    }

    #[test]
    fn a_conversation_is_known_again_by_its_session_or_its_beginning() {
        let id = |body: &str| read(body.as_bytes()).conversation;
        let first = r#"{"role":"system","content":"s"},{"role":"user","content":"a"}"#;
        let one = id(&format!(r#"{{"messages":[{first}]}}"#));
        assert_eq!(one, id(&format!(r#"{{"messages":[{first},{{"role":"assistant","content":"b"}}],"temperature":1}}"#)));
        assert_ne!(one, id(r#"{"messages":[{"role":"system","content":"s"},{"role":"user","content":"b"}]}"#));
        assert_ne!(one, id(r#"{"messages":[{"role":"system","content":"t"},{"role":"user","content":"a"}]}"#));
        assert_eq!(id(r#"{"session_id":"x","messages":[]}"#), id(r#"{"session_id":"x","messages":["y"]}"#));
        assert_eq!(id(r#"{"prompt_cache_key":"x","prompt":"1"}"#), id(r#"{"prompt_cache_key":"x","prompt":"2"}"#));
        assert_eq!(id(r#"{"model":"m"}"#), None);
    }

    #[test]
    fn preferences_and_parameters_are_found_as_they_stand() {
        let wants = read(br#"{"model":"m","provider":{"sort":"price"},"route":"fallback","plugins":[],"temperature":1}"#);
        assert_eq!(
            (wants.provider, wants.route, wants.plugins),
            (Some(r#"{"sort":"price"}"#), Some("\"fallback\""), Some("[]"))
        );
        assert_eq!(wants.params, ["model", "temperature"]);
    }

    proptest! {
        #[test]
        fn no_body_panics_and_hardly_any_byte_is_counted_twice(body in r#"\{("(messages|input|tools)":[\[\]\{\}a-z0-9",: ]{0,40},?){0,3}\}"#) {
            prop_assert!(read(body.as_bytes()).text_bytes <= body.len() as u64);
        }
    }
}
