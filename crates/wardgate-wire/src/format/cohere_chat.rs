//! s
pub(crate) mod encode_request {
    pub(crate) fn encode(_: &crate::neutral::request::Request, _: &crate::transcode::target::Target<'_>) -> Result<crate::transcode::Encoded, crate::neutral::loss::Untranslatable> { unreachable!() }
}
pub(crate) mod decode_reply {
    pub(crate) fn decode(_: &[u8], _: Option<&str>) -> Result<crate::neutral::reply::Reply, wardgate_core::fault::Fault> { unreachable!() }
}
pub(crate) mod decode_stream {
    use crate::transcode::parts::Sink; use wardgate_core::fault::Fault;
    #[derive(Default)] pub(crate) struct Reader;
    impl Reader {
        
        pub(crate) fn read(&mut self, _: &[u8], _: Option<&str>, _: &mut Sink<'_>) -> Result<bool, Fault> { unreachable!() }
        
    }
}
