//! s
pub(crate) mod encode_request {
    pub(crate) fn encode(_: &crate::neutral::request::Request, _: &crate::transcode::target::Target<'_>) -> Result<crate::transcode::Encoded, crate::neutral::loss::Untranslatable> { unreachable!() }
}
pub(crate) mod decode_reply {
    pub(crate) fn decode(_: &[u8], _: crate::neutral::opaque::Origin, _: Option<&str>) -> Result<crate::neutral::reply::Reply, wardgate_core::fault::Fault> { unreachable!() }
}
pub(crate) mod decode_stream {
    use crate::transcode::parts::Sink; use wardgate_core::fault::Fault;
    #[derive(Default)] pub(crate) struct Reader;
    impl Reader {
        pub(crate) fn new(_: crate::neutral::opaque::Origin) -> Self { Self }
        pub(crate) fn read(&mut self, _: &[u8], _: &[u8], _: Option<&str>, _: &mut Sink<'_>) -> Result<(), Fault> { unreachable!() }
        pub(crate) fn end(&mut self, _: &mut Sink<'_>) -> Result<(), Fault> { unreachable!() }
    }
}
pub(crate) mod frames {
    #[derive(Default)] pub(crate) struct Frames;
    pub(crate) fn write(_: &mut Vec<u8>, _: &str, _: &str, _: &[u8]) {}
    impl Frames { pub(crate) fn push(&mut self, _: bytes::Bytes, _: &mut dyn FnMut(&[u8], &[u8]) -> Result<(), wardgate_core::fault::Fault>) -> Result<(), wardgate_core::fault::Fault> { Ok(()) } }
}
