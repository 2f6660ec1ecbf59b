//! A usage event as bytes.
//!
//! The form is this program's own and lives as long as a journal, which is minutes: a version, then the fields in the order of the
//! type. Whole numbers are LEB128, ids are their 16 bytes, texts have their length in front, and what may be absent has a byte
//! in front that says whether it is there.

use std::sync::Arc;
use wardgate_core::format::Surface;
use wardgate_core::id::{AccessKeyId, AccountId, ManagedKeyId, ProviderKeyId, RequestId, TeamId, UsageEventId};
use wardgate_core::money::NanoUsd;
use wardgate_core::name::ProviderName;
use wardgate_core::time::Timestamp;
use wardgate_core::usage::{Completion, Usage, UsageEvent, UsageSource};

/// The form that is written.
const VERSION: u8 = 1;

/// The longest text that is written; a provider's own words may be of any length.
const TEXT_BYTES_MAX: usize = 4_096;

/// Bytes that are no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a journal's record is not readable at byte {at}")]
pub(crate) struct BadRecord {
    at: usize,
}

/// Appends an event to a buffer.
pub(crate) fn write(event: &UsageEvent, out: &mut Vec<u8>) {
    out.push(VERSION);
    out.extend_from_slice(event.id.as_bytes());
    out.extend_from_slice(event.request_id.as_bytes());
    out.extend_from_slice(event.account_id.as_bytes());
    out.extend_from_slice(event.team_id.as_bytes());
    out.extend_from_slice(event.access_key_id.as_bytes());
    signed(out, event.event_time.unix_micros());
    text(out, event.surface.name());
    text(out, event.provider.as_str());
    text(out, &event.model);
    optional(out, event.virtual_model.as_deref(), text);
    optional(out, event.provider_key_id.as_ref(), |out, id| out.extend_from_slice(id.as_bytes()));
    optional(out, event.managed_key_id.as_ref(), |out, id| out.extend_from_slice(id.as_bytes()));
    optional(out, event.provider_key_redacted.as_deref(), text);
    number(out, event.attempt_number.into());
    out.push(event.is_final.into());
    number(out, event.status_code.into());
    text(out, event.completion.name());
    out.push(event.is_streaming.into());
    optional(out, event.stop_reason.as_deref(), text);
    for tokens in tokens(&event.usage) {
        number(out, tokens);
    }
    out.push(match event.usage_source {
        UsageSource::Provider => 0,
        UsageSource::Estimated => 1,
        UsageSource::None => 2,
    });
    optional(out, event.cost, |out, cost| signed(out, cost.nano_usd()));
    number(out, event.duration_us);
    optional(out, event.first_token_us, number);
}

/// Reads an event.
pub(crate) fn read(bytes: &[u8]) -> Result<UsageEvent, BadRecord> {
    let mut input = Input { bytes, at: 0 };
    if input.byte()? != VERSION {
        return Err(BadRecord { at: 0 });
    }
    let event = UsageEvent {
        id: UsageEventId::from_bytes(input.id()?),
        request_id: RequestId::from_bytes(input.id()?),
        account_id: AccountId::from_bytes(input.id()?),
        team_id: TeamId::from_bytes(input.id()?),
        access_key_id: AccessKeyId::from_bytes(input.id()?),
        event_time: Timestamp::from_unix_micros(input.signed()?),
        surface: input.word(Surface::from_name)?,
        provider: input.word(|text| ProviderName::new(text).ok())?,
        model: Arc::from(input.text()?),
        virtual_model: input.optional(|input| input.text().map(Arc::from))?,
        provider_key_id: input.optional(|input| input.id().map(ProviderKeyId::from_bytes))?,
        managed_key_id: input.optional(|input| input.id().map(ManagedKeyId::from_bytes))?,
        provider_key_redacted: input.optional(|input| input.text().map(str::to_owned))?,
        attempt_number: input.small()?,
        is_final: input.flag()?,
        status_code: input.small()?,
        completion: input.word(Completion::from_name)?,
        is_streaming: input.flag()?,
        stop_reason: input.optional(|input| input.text().map(str::to_owned))?,
        usage: Usage {
            input_uncached: input.number()?,
            cache_read: input.number()?,
            cache_write_5m: input.number()?,
            cache_write_1h: input.number()?,
            cache_write_other: input.number()?,
            output: input.number()?,
            reasoning: input.number()?,
            ..Usage::default()
        },
        usage_source: match input.byte()? {
            0 => UsageSource::Provider,
            1 => UsageSource::Estimated,
            2 => UsageSource::None,
            _ => return Err(input.bad()),
        },
        cost: input.optional(|input| input.signed().map(NanoUsd::new))?,
        duration_us: input.number()?,
        first_token_us: input.optional(Input::number)?,
    };
    if input.at == bytes.len() { Ok(event) } else { Err(input.bad()) }
}

const fn tokens(usage: &Usage) -> [u64; 7] {
    [
        usage.input_uncached,
        usage.cache_read,
        usage.cache_write_5m,
        usage.cache_write_1h,
        usage.cache_write_other,
        usage.output,
        usage.reasoning,
    ]
}

fn number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Small negative numbers are short, too (zigzag).
fn signed(out: &mut Vec<u8>, value: i64) {
    number(out, ((value << 1) ^ (value >> 63)).cast_unsigned());
}

fn text(out: &mut Vec<u8>, text: &str) {
    let text = &text[..text.floor_char_boundary(TEXT_BYTES_MAX)];
    number(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

fn optional<T>(out: &mut Vec<u8>, value: Option<T>, write: impl FnOnce(&mut Vec<u8>, T)) {
    out.push(value.is_some().into());
    if let Some(value) = value {
        write(out, value);
    }
}

struct Input<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Input<'b> {
    const fn bad(&self) -> BadRecord {
        BadRecord { at: self.at }
    }

    fn take(&mut self, length: usize) -> Result<&'b [u8], BadRecord> {
        let end = self.at.checked_add(length).ok_or(self.bad())?;
        let taken = self.bytes.get(self.at..end).ok_or(self.bad())?;
        self.at = end;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, BadRecord> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn flag(&mut self) -> Result<bool, BadRecord> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.bad()),
        }
    }

    fn id(&mut self) -> Result<[u8; 16], BadRecord> {
        self.take(16)?.try_into().map_err(|_| self.bad())
    }

    fn number(&mut self) -> Result<u64, BadRecord> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(self.bad());
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(self.bad())
    }

    fn small<T: TryFrom<u64>>(&mut self) -> Result<T, BadRecord> {
        let number = self.number()?;
        T::try_from(number).map_err(|_| self.bad())
    }

    fn signed(&mut self) -> Result<i64, BadRecord> {
        let number = self.number()?;
        Ok((number >> 1).cast_signed() ^ -((number & 1).cast_signed()))
    }

    fn text(&mut self) -> Result<&'b str, BadRecord> {
        let length = self.small()?;
        std::str::from_utf8(self.take(length)?).map_err(|_| self.bad())
    }

    fn word<T>(&mut self, from_name: impl FnOnce(&str) -> Option<T>) -> Result<T, BadRecord> {
        let text = self.text()?;
        from_name(text).ok_or(self.bad())
    }

    fn optional<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, BadRecord>) -> Result<Option<T>, BadRecord> {
        if self.flag()? { read(self).map(Some) } else { Ok(None) }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An event whose parts follow from a number.
    pub(crate) fn event(number: u64) -> UsageEvent {
        let id = |place: u8| {
            let mut bytes = [place; 16];
            bytes[..8].copy_from_slice(&number.to_be_bytes());
            bytes
        };
        let is_odd = number % 2 == 1;
        UsageEvent {
            id: UsageEventId::from_bytes(id(1)),
            request_id: RequestId::from_bytes(id(2)),
            account_id: AccountId::from_bytes(id(3)),
            team_id: TeamId::from_bytes(id(4)),
            access_key_id: AccessKeyId::from_bytes(id(5)),
            event_time: Timestamp::from_unix_micros(number.cast_signed()),
            surface: Surface::ALL[(number % 2) as usize],
            provider: ProviderName::new("openai").unwrap_or_else(|error| panic!("{error}")),
            model: "gpt-4o ✓".into(),
            virtual_model: is_odd.then(|| "chat".into()),
            provider_key_id: is_odd.then(|| ProviderKeyId::from_bytes(id(6))),
            managed_key_id: (!is_odd).then(|| ManagedKeyId::from_bytes(id(7))),
            provider_key_redacted: is_odd.then(|| "sk-***wxyz".to_owned()),
            attempt_number: (number % 11) as u32,
            is_final: is_odd,
            status_code: (number % 600) as u16,
            completion: Completion::ALL[(number % 5) as usize],
            is_streaming: !is_odd,
            stop_reason: is_odd.then(String::new),
            usage: Usage { input_uncached: number, output: u64::MAX - number, reasoning: 128, ..Usage::default() },
            usage_source: if is_odd { UsageSource::Estimated } else { UsageSource::None },
            cost: is_odd.then(|| NanoUsd::new(-number.cast_signed().wrapping_abs())),
            duration_us: number,
            first_token_us: (!is_odd).then_some(number),
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(number: u64) {
            let mut bytes = Vec::new();
            write(&event(number), &mut bytes);
            prop_assert_eq!(read(&bytes), Ok(event(number)));
            bytes.push(0);
            prop_assert!(read(&bytes).is_err());
            for length in 0..bytes.len() - 1 {
                prop_assert!(read(&bytes[..length]).is_err());
            }
        }

        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let _ = read(&bytes);
        }
    }

    #[test]
    fn long_text_is_cut_and_the_rest_is_kept() {
        let mut long = event(1);
        long.stop_reason = Some("ß".repeat(TEXT_BYTES_MAX));
        let mut bytes = Vec::new();
        write(&long, &mut bytes);
        let read = read(&bytes).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(read.stop_reason.map(|text| text.len()), Some(TEXT_BYTES_MAX));
        assert_eq!(read.usage, long.usage);
    }
}
