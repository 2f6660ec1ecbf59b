//! Reading a whole generateContent answer: it is a stream of one message.

use super::decode_stream::Reader;
use crate::neutral::opaque::Origin;
use crate::neutral::reply::{Gatherer, Reply};
use crate::reply::object;
use crate::transcode::decoder::unreadable;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use wardgate_core::fault::Fault;

pub(crate) fn decode(body: &[u8], origin: Origin, credential: Option<&str>) -> Result<Reply, Fault> {
    let members: BTreeMap<String, IgnoredAny> = object(body)?;
    if !["candidates", "promptFeedback", "error"].iter().any(|key| members.contains_key(*key)) {
        return Err(unreadable("the provider's answer has no candidates"));
    }
    let mut reader = Reader::new(origin);
    let mut gatherer = Gatherer::default();
    reader.read(body, credential, &mut |event| gatherer.push(&event))?;
    reader.end(&mut |event| gatherer.push(&event))?;
    gatherer.finish()
}
