use super::*;

const CODE: Changed = Changed {
    configuration: false,
    code: true,
    numbers: false,
};
const NUMBERS: Changed = Changed {
    configuration: false,
    code: false,
    numbers: true,
};

fn run(test: impl AsyncFnOnce(News)) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    runtime.block_on(test(News::default()));
}

#[test]
fn what_comes_together_is_told_together() {
    run(async |news| {
        news.add(CODE);
        news.add(Changed::default());
        news.add(NUMBERS);
        assert_eq!(news.next().await, CODE.or(NUMBERS));
        news.add(NUMBERS);
        assert_eq!(news.next().await, NUMBERS);
    });
}

#[test]
fn files_that_are_never_quiet_are_told_of_too() {
    run(async |news| {
        let began = Instant::now();
        let write = async {
            loop {
                news.add(CODE);
                tokio::time::sleep(QUIET / 4).await;
            }
        };
        let told = tokio::select! {
            told = news.next() => told,
            () = write => Changed::default(),
        };
        assert_eq!(told, CODE);
        assert!(began.elapsed() >= QUIET);
    });
}
