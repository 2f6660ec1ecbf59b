//! A gateway that is killed loses nothing of what was answered.

use crate::ledger::rounds;
use crate::{ask, dev};
use std::collections::BTreeSet;
use wardgate_testkit::{Dialect, Reply, Upstream};

/// How often it is killed, unless a longer trial says otherwise.
const ROUNDS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answered_request_is_in_the_ledger_of_the_next_start() {
    let upstream = Upstream::scripted(|_| Reply::says(Dialect::Chat, "hello")).await;
    let mut gateway = crate::started(dev(), &upstream).await;
    let mut answered = BTreeSet::new();
    let rounds = rounds(ROUNDS);
    for round in 0..rounds {
        // Killed in the middle of a burst: some are answered, some are not, and the answered ones are remembered.
        let mut requests = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let (ask, client) = (ask(Dialect::Chat), gateway.client());
            let (headers, body) = ask.parts(&gateway);
            requests.spawn(async move {
                let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                // Panics when the connection breaks, which is what becomes of most.
                client.send("POST".parse().unwrap(), Dialect::Chat.path(), &headers, body).await
            });
        }
        let mut whole = 0;
        while let Some(done) = requests.join_next().await {
            if let Some(answer) = done.ok().filter(|answer| answer.status == 200) {
                answered.insert(answer.header("x-wardgate-request-id").to_owned());
                whole += 1;
            }
            if whole == 10 + round % 30 {
                gateway.kill().await;
            }
        }
        let data = gateway.data();
        drop(gateway.ended().await);
        gateway = dev().on_data(data, 0).replica().start().await;
    }
    wardgate_testkit::until("all answered requests in the ledger", wardgate_testkit::DEADLINE, async || {
        let stored: Vec<_> = gateway.stored_usage().await;
        let found: BTreeSet<_> = stored.iter().map(|event| event["requestId"].as_str().unwrap().to_owned()).collect();
        assert_eq!(found.len(), stored.len(), "a request is in the ledger twice");
        found.is_superset(&answered)
    })
    .await;
    assert!(answered.len() >= 10 * rounds, "{}", answered.len());
}
