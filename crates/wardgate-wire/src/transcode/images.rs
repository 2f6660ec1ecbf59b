//! Making pictures: OpenAI's request for Gemini's models, which are asked as all of Google's, and their answers back.

use super::target::Target;
use crate::depth;
use crate::format::gemini;
use crate::json::write::object;
use crate::json::{Object, Path};
use crate::neutral::content::{Content, Source};
use crate::neutral::loss::{Untranslatable, Warnings};
use crate::neutral::opaque::{ANYONE, Origin};
use crate::neutral::reply::{Reply, Stop};
use crate::peek::GATEWAY_ONLY;
use crate::transcode::decoder::unreadable;
use serde_json::value::RawValue;
use wardgate_core::fault::{Fault, FaultClass};
use wardgate_core::format::Format;
use wardgate_core::usage::Usage;

/// The shapes that Gemini makes, as width and height.
const SHAPES: [(u32, u32); 10] = [(1, 1), (2, 3), (3, 2), (3, 4), (4, 3), (4, 5), (5, 4), (9, 16), (16, 9), (21, 9)];

/// The longest side of pictures that need no word for their size, in pixels, and of those that are called `2K`.
const PIXELS_USUAL: u32 = 1_600;
const PIXELS_2K: u32 = 3_000;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageRequest {
    /// What is to be seen.
    pub prompt: String,
    /// The width and height, in pixels; none: as the model likes.
    pub size: Option<(u32, u32)>,
    /// What the reading of the body already lost.
    pub warnings: Warnings,
}

/// A picture, and what it took.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageReply {
    /// The pictures, in base64, and their media types.
    pub images: Vec<(String, String)>,
    /// What was used, if that was said.
    pub usage: Option<Usage>,
}

/// Reads a client's request.
///
/// # Errors
/// When it is not what the format says, or asks for what Gemini cannot give: several pictures, addresses, streams.
pub fn decode_request(body: &[u8]) -> Result<ImageRequest, Untranslatable> {
    let path = Path::Root;
    if depth::is_too_deep(body) {
        return Err(path.wrong(format!("the body nests deeper than {} levels", depth::DEPTH_MAX)));
    }
    let value: &RawValue = serde_json::from_slice(body)
        .map_err(|error| path.wrong(format!("not valid JSON at line {} column {}", error.line(), error.column())))?;
    let mut members = Object::read(value, &path)?;
    let mut warnings = Warnings::default();
    let prompt = members.need_text("prompt", &path)?;
    if members.count("n", &path)?.is_some_and(|count| count > 1) {
        let why = "this provider makes one picture a request: leave it out, and send as many requests as you want pictures";
        return Err(path.key("n").refuse("unsupported_parameter", why));
    }
    if members.text("response_format", &path)?.is_some_and(|word| word != "b64_json") {
        let why = "this gateway keeps no pictures, so there is no address for one: ask for \"b64_json\"";
        return Err(path.key("response_format").refuse("image_url_not_available", why));
    }
    if members.flag("stream", &path)? == Some(true) {
        return Err(path.key("stream").refuse("unsupported_parameter", "this provider's pictures come whole"));
    }
    if members.text("background", &path)?.is_some_and(|word| word == "transparent") {
        let why = "this provider makes no transparent pictures";
        return Err(path.key("background").refuse("unsupported_parameter", why));
    }
    let size = size(members.text("size", &path)?.as_deref(), &path)?;
    let exact = [None, Some((1_024, 1_024))];
    if !exact.contains(&size) {
        warnings.add("size_approximated", "size");
    }
    // What the model does anyway is no loss.
    for (key, usual) in [("quality", ["auto", "standard"]), ("output_format", ["png", "png"]), ("style", ["vivid", "natural"])]
    {
        if members.text(key, &path)?.is_some_and(|word| !usual.contains(&word.as_str())) {
            warnings.add("unsupported_parameter", key);
        }
    }
    if members.take("output_compression").is_some() {
        warnings.add("unsupported_parameter", "output_compression");
    }
    for key in ["model", "user", "moderation", "partial_images"].iter().chain(&GATEWAY_ONLY) {
        members.take(key);
    }
    members.warn_rest(&path, &mut warnings);
    Ok(ImageRequest { prompt, size, warnings })
}

fn size(word: Option<&str>, path: &Path<'_>) -> Result<Option<(u32, u32)>, Untranslatable> {
    let Some(word) = word.filter(|word| *word != "auto") else { return Ok(None) };
    let sides = word.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    let is_some = |(width, height): &(u32, u32)| *width > 0 && *height > 0;
    sides.filter(is_some).map(Some).ok_or_else(|| path.key("size").wrong("must be a size such as \"1024x1024\", or \"auto\""))
}

/// Writes a request for a Gemini model. What is lost is returned with it.
///
/// # Errors
/// When the target is strict and anything would be lost.
pub fn encode_request(request: &ImageRequest, target: &Target<'_>) -> Result<(Vec<u8>, Warnings), Untranslatable> {
    if let Some(lost) = request.warnings.as_slice().first().filter(|_| target.is_strict) {
        let why = "the provider cannot be told this, and the request asks to lose nothing";
        return Err(Untranslatable::new(lost.code, lost.path.clone(), why));
    }
    let body = object(|json| {
        json.put_list("contents", |json| {
            json.object(|json| {
                json.put("role", "user");
                json.put_list("parts", |json| json.object(|json| json.put("text", &request.prompt)));
            });
        });
        json.put_object("generationConfig", |json| {
            json.put_texts("responseModalities", ["IMAGE"]);
            if let Some((width, height)) = request.size {
                json.put_object("imageConfig", |json| {
                    let (across, down) = nearest_shape(width, height);
                    json.put("aspectRatio", &format!("{across}:{down}"));
                    let longest = width.max(height);
                    if longest > PIXELS_USUAL {
                        json.put("imageSize", if longest > PIXELS_2K { "4K" } else { "2K" });
                    }
                });
            }
        });
    });
    Ok((body, request.warnings.clone()))
}

/// The shape whose sides are to each other most nearly as these are.
fn nearest_shape(width: u32, height: u32) -> (u32, u32) {
    let wanted = f64::from(width) / f64::from(height);
    let distance = |(across, down): &(u32, u32)| (f64::from(*across) / f64::from(*down) / wanted).ln().abs();
    SHAPES.into_iter().min_by(|one, other| distance(one).total_cmp(&distance(other))).unwrap_or((1, 1))
}

/// Reads a Gemini model's answer.
///
/// # Errors
/// When it is none, an error in its place, or has no picture.
pub fn decode_reply(body: &[u8], credential: Option<&str>) -> Result<ImageReply, Fault> {
    if depth::is_too_deep(body) {
        return Err(Fault::new(FaultClass::Unreadable, "the provider's answer nests too deep"));
    }
    let origin = Origin { format: Format::Gemini, mark: ANYONE };
    let Reply { parts, mut usage, stop, .. } = gemini::decode_reply::decode(body, origin, credential)?;
    let images: Vec<_> = parts
        .into_iter()
        .filter_map(|part| match part {
            Content::Image { source: Source::Base64 { media, data }, .. } => Some((media, data)),
            _ => None,
        })
        .collect();
    // Where no tokens are told, pictures are what is charged for.
    usage.get_or_insert_default().units.images = u32::try_from(images.len()).unwrap_or(u32::MAX);
    match stop {
        _ if !images.is_empty() => Ok(ImageReply { images, usage }),
        Stop::ContentFilter => Err(Fault::new(FaultClass::ContentPolicy, "the model would not make this picture")),
        _ => Err(unreadable("the model answered without a picture: it may be none that makes pictures")),
    }
}

/// Writes an answer for a client. `created` is in Unix seconds.
#[must_use]
pub fn encode_reply(reply: &ImageReply, created: i64) -> Vec<u8> {
    object(|json| {
        json.put_integer("created", created);
        json.put_list("data", |json| {
            reply.images.iter().for_each(|(_, data)| json.object(|json| json.put("b64_json", data)));
        });
        let format = reply.images.first().and_then(|(media, _)| media.strip_prefix("image/"));
        json.put_some("output_format", format);
        if let Some(usage) = reply.usage.filter(|usage| usage.input() > 0 || usage.output > 0) {
            let (input, output) = (usage.input(), usage.output);
            json.put_object("usage", |json| {
                json.put_number("total_tokens", input.saturating_add(output));
                json.put_number("input_tokens", input);
                json.put_number("output_tokens", output);
                json.put_object("input_tokens_details", |json| {
                    json.put_number("text_tokens", input.saturating_sub(usage.units.input_image));
                    json.put_number("image_tokens", usage.units.input_image);
                });
                json.put_object("output_tokens_details", |json| {
                    json.put_number("text_tokens", output.saturating_sub(usage.units.output_image));
                    json.put_number("image_tokens", usage.units.output_image);
                });
            });
        }
    })
}

#[cfg(test)]
mod tests;
