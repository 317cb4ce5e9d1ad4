// Lightweight-task workloads for Tokio.
// Usage: bench WORKLOAD SCHEDULERS   (1 = current_thread, n = multi_thread with n workers)
// Prints one line per metric: tokio WORKLOAD_sN METRIC VALUE UNIT. With QUICK=1 in the environment, a tenth is done.
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering::*};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot, Notify};
use tokio::task::yield_now;

static SCHEDULERS: AtomicUsize = AtomicUsize::new(1);

fn report(workload: &str, metric: &str, v: f64, unit: &str) {
    println!("tokio {workload}_s{} {metric} {v:.3} {unit}", SCHEDULERS.load(Relaxed));
}

fn quick() -> bool {
    std::env::var("QUICK").map_or(false, |q| !q.is_empty())
}

fn full(n: usize) -> usize {
    if quick() { n / 10 } else { n }
}

fn ns_per(d: Duration, n: usize) -> f64 {
    d.as_nanos() as f64 / n as f64
}

fn ms(d: Duration) -> f64 {
    d.as_secs_f64() * 1e3
}

fn rss() -> i64 {
    let s = std::fs::read_to_string("/proc/self/statm").unwrap();
    s.split(' ').nth(1).unwrap().parse::<i64>().unwrap() * 4096
}

// CPU nanoseconds of all threads.
fn cpu_ns() -> u64 {
    let mut sum = 0;
    for t in std::fs::read_dir("/proc/self/task").unwrap() {
        let s = std::fs::read_to_string(t.unwrap().path().join("schedstat")).unwrap();
        sum += s.split(' ').next().unwrap().parse::<u64>().unwrap();
    }
    sum
}

fn pct(sorted: &[i64], p: f64) -> f64 {
    sorted[(p * (sorted.len() - 1) as f64) as usize] as f64
}

fn lehmer(x: &mut u64) -> u64 {
    *x = *x * 16807 % 2147483647;
    *x
}

// A countdown that wakes one waiter at zero (a wait group).
struct Group(AtomicI64, Notify);

impl Group {
    fn new(n: usize) -> Arc<Group> {
        Arc::new(Group(AtomicI64::new(n as i64), Notify::new()))
    }
    fn done(&self) {
        if self.0.fetch_sub(1, AcqRel) == 1 {
            self.1.notify_one();
        }
    }
    async fn wait(&self) {
        self.1.notified().await
    }
}

async fn spawn_exit() {
    let n = full(1_000_000);
    let t = Instant::now();
    let g = Group::new(n);
    for _ in 0..n {
        let g = g.clone();
        tokio::spawn(async move { g.done() });
    }
    g.wait().await;
    report("spawn_exit", "ns_per_op", ns_per(t.elapsed(), n), "ns");
}

async fn spawn_join_one() {
    let n = full(1_000_000);
    let t = Instant::now();
    for _ in 0..n {
        tokio::spawn(async {}).await.unwrap();
    }
    report("spawn_join_one", "ns_per_op", ns_per(t.elapsed(), n), "ns");
}

// Parked on its own mailbox: an unbounded mpsc channel, or a one-shot one.
async fn parked_mpsc(w: &str, n: usize) {
    let before = rss();
    let t = Instant::now();
    let (started, ended) = (Group::new(n), Group::new(n));
    let mut boxes = Vec::with_capacity(n);
    for _ in 0..n {
        let (tx, mut rx) = mpsc::unbounded_channel::<u64>();
        boxes.push(tx);
        let (started, ended) = (started.clone(), ended.clone());
        tokio::spawn(async move {
            started.done();
            rx.recv().await;
            ended.done();
        });
    }
    started.wait().await;
    let spawn = t.elapsed();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let after = rss();
    let t = Instant::now();
    for tx in &boxes {
        tx.send(1).unwrap();
    }
    ended.wait().await;
    let wake = t.elapsed();
    report(w, "rss_per_proc", (after - before) as f64 / n as f64, "bytes");
    report(w, "spawn_and_park", ns_per(spawn, n), "ns");
    report(w, "wake_and_end", ns_per(wake, n), "ns");
}

async fn parked_oneshot(w: &str, n: usize) {
    let before = rss();
    let t = Instant::now();
    let (started, ended) = (Group::new(n), Group::new(n));
    let mut boxes = Vec::with_capacity(n);
    for _ in 0..n {
        let (tx, rx) = oneshot::channel::<u64>();
        boxes.push(tx);
        let (started, ended) = (started.clone(), ended.clone());
        tokio::spawn(async move {
            started.done();
            rx.await.unwrap();
            ended.done();
        });
    }
    started.wait().await;
    let spawn = t.elapsed();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let after = rss();
    let t = Instant::now();
    for tx in boxes {
        tx.send(1).unwrap();
    }
    ended.wait().await;
    let wake = t.elapsed();
    report(w, "rss_per_proc", (after - before) as f64 / n as f64, "bytes");
    report(w, "spawn_and_park", ns_per(spawn, n), "ns");
    report(w, "wake_and_end", ns_per(wake, n), "ns");
}

async fn pingpong(w: &str) {
    let n = full(5_000_000);
    let (atx, mut arx) = mpsc::unbounded_channel::<usize>();
    let (btx, mut brx) = mpsc::unbounded_channel::<usize>();
    let t = Instant::now();
    tokio::spawn(async move {
        while let Some(x) = arx.recv().await {
            btx.send(x).unwrap();
        }
    });
    tokio::spawn(async move {
        for i in 0..n {
            atx.send(i).unwrap();
            brx.recv().await;
        }
    })
    .await
    .unwrap();
    report(w, "ns_per_message", ns_per(t.elapsed(), 2 * n), "ns");
}

async fn yields() {
    let n = full(5_000_000);
    let t = Instant::now();
    let h: Vec<_> = (0..2)
        .map(|_| {
            tokio::spawn(async move {
                for _ in 0..n {
                    yield_now().await
                }
            })
        })
        .collect();
    for h in h {
        h.await.unwrap();
    }
    report("yield", "ns_per_switch", ns_per(t.elapsed(), 2 * n), "ns");
}

async fn ring(w: &str, procs: usize, hops: usize) {
    let done = Group::new(1);
    let (first, frx) = mpsc::unbounded_channel::<usize>();
    let mut rx = frx;
    for i in 0..procs {
        let (tx, next) = if i + 1 == procs {
            (first.clone(), None)
        } else {
            let (tx, next) = mpsc::unbounded_channel::<usize>();
            (tx, Some(next))
        };
        let done = done.clone();
        let mut my = rx;
        tokio::spawn(async move {
            while let Some(tok) = my.recv().await {
                if tok == 0 {
                    done.done();
                    break;
                }
                if tx.send(tok - 1).is_err() {
                    break;
                }
            }
        });
        match next {
            Some(n) => rx = n,
            None => break,
        }
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let t = Instant::now();
    first.send(hops).unwrap();
    done.wait().await;
    report(w, "ns_per_hop", ns_per(t.elapsed(), hops), "ns");
}

async fn fanin_unbounded() {
    const P: u64 = 8;
    let each = full(1_000_000) as u64;
    let (tx, mut rx) = mpsc::unbounded_channel::<(u64, u64)>();
    let t = Instant::now();
    for p in 0..P {
        let tx = tx.clone();
        tokio::spawn(async move {
            for i in 0..each {
                tx.send((p, i)).unwrap();
            }
        });
    }
    drop(tx);
    let mut sum = 0;
    while let Some((_, v)) = rx.recv().await {
        sum += v;
    }
    assert_eq!(sum, P * each * (each - 1) / 2);
    report("fanin_unbounded", "messages_per_s", (P * each) as f64 / t.elapsed().as_secs_f64(), "1/s");
}

async fn fanin_bounded() {
    const P: u64 = 8;
    let each = full(1_000_000) as u64;
    let (tx, mut rx) = mpsc::channel::<(u64, u64)>(1024);
    let t = Instant::now();
    for p in 0..P {
        let tx = tx.clone();
        tokio::spawn(async move {
            for i in 0..each {
                tx.send((p, i)).await.unwrap();
            }
        });
    }
    drop(tx);
    let mut sum = 0;
    while let Some((_, v)) = rx.recv().await {
        sum += v;
    }
    assert_eq!(sum, P * each * (each - 1) / 2);
    report("fanin_bounded1024", "messages_per_s", (P * each) as f64 / t.elapsed().as_secs_f64(), "1/s");
}

fn sky_join(num: u64, size: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async move {
        if size == 1 {
            return num;
        }
        let sub = size / 10;
        let kids: Vec<_> = (0..10).map(|i| tokio::spawn(sky_join(num + i * sub, sub))).collect();
        let mut sum = 0;
        for k in kids {
            sum += k.await.unwrap();
        }
        sum
    })
}

fn sky_mpsc(up: mpsc::Sender<u64>, num: u64, size: u64) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        if size == 1 {
            up.send(num).await.unwrap();
            return;
        }
        let sub = size / 10;
        let (tx, mut rx) = mpsc::channel(10);
        for i in 0..10 {
            tokio::spawn(sky_mpsc(tx.clone(), num + i * sub, sub));
        }
        let mut sum = 0;
        for _ in 0..10 {
            sum += rx.recv().await.unwrap();
        }
        up.send(sum).await.unwrap();
    })
}

async fn skynet_join() {
    let n = full(1_000_000) as u64;
    let t = Instant::now();
    let sum = tokio::spawn(sky_join(0, n)).await.unwrap();
    assert_eq!(sum, n * (n - 1) / 2);
    report("skynet_join", "total", ms(t.elapsed()), "ms");
}

async fn skynet_mpsc() {
    let n = full(1_000_000) as u64;
    let t = Instant::now();
    let (tx, mut rx) = mpsc::channel(10);
    tokio::spawn(sky_mpsc(tx, 0, n));
    assert_eq!(rx.recv().await.unwrap(), n * (n - 1) / 2);
    report("skynet_mpsc", "total", ms(t.elapsed()), "ms");
}

enum Big {
    Ping(usize),
    Pong,
    Exit,
}

async fn big() {
    const ACTORS: usize = 120;
    let pings = full(20_000);
    let t = Instant::now();
    let (txs, rxs): (Vec<_>, Vec<_>) = (0..ACTORS).map(|_| mpsc::unbounded_channel::<Big>()).unzip();
    let txs = Arc::new(txs);
    let (sent, ended) = (Group::new(ACTORS), Group::new(ACTORS));
    for (me, mut rx) in rxs.into_iter().enumerate() {
        let (txs, sent, ended) = (txs.clone(), sent.clone(), ended.clone());
        tokio::spawn(async move {
            let mut rnd = me as u64 + 1;
            let mut left = pings;
            let mut ping = || {
                let mut to = (lehmer(&mut rnd) % (ACTORS as u64 - 1)) as usize;
                if to >= me {
                    to += 1;
                }
                txs[to].send(Big::Ping(me)).ok().unwrap();
            };
            ping();
            left -= 1;
            while let Some(m) = rx.recv().await {
                match m {
                    Big::Ping(from) => txs[from].send(Big::Pong).ok().unwrap(),
                    Big::Pong if left > 0 => {
                        ping();
                        left -= 1;
                    }
                    Big::Pong => sent.done(),
                    Big::Exit => break,
                }
            }
            ended.done();
        });
    }
    sent.wait().await;
    for tx in txs.iter() {
        tx.send(Big::Exit).ok().unwrap();
    }
    ended.wait().await;
    report("big", "messages_per_s", (2 * ACTORS * pings) as f64 / t.elapsed().as_secs_f64(), "1/s");
}

async fn timers() {
    let n = full(1_000_000);
    let late: Arc<Vec<AtomicI64>> = Arc::new((0..n).map(|_| AtomicI64::new(0)).collect());
    let mut rnd = 42;
    let t = Instant::now();
    let g = Group::new(n);
    for i in 0..n {
        let d = Duration::from_millis(1 + lehmer(&mut rnd) % 1000);
        let (g, late) = (g.clone(), late.clone());
        tokio::spawn(async move {
            let t0 = Instant::now();
            tokio::time::sleep(d).await;
            late[i].store(t0.elapsed().as_nanos() as i64 - d.as_nanos() as i64, Relaxed);
            g.done();
        });
    }
    let spawned = t.elapsed();
    g.wait().await;
    let wall = t.elapsed();
    let mut late: Vec<i64> = late.iter().map(|x| x.load(Relaxed)).collect();
    late.sort_unstable();
    report("timers", "spawn_loop", ms(spawned), "ms");
    report("timers", "wall", ms(wall), "ms");
    report("timers", "late_mean", late.iter().sum::<i64>() as f64 / n as f64 / 1e6, "ms");
    report("timers", "late_p99", pct(&late, 0.99) / 1e6, "ms");
}

// The hog never awaits, so with one scheduler nothing else can run; a plain
// thread notices that after 3 s.
async fn fairness() {
    std::thread::spawn(|| {
        std::thread::sleep(Duration::from_secs(3));
        report("fairness", "starved", 1.0, "bool");
        std::process::exit(0);
    });
    tokio::spawn(async {
        let mut x = 1u64;
        while x != 0 {
            x = x.wrapping_mul(6364136223846793005) | 1;
        }
        println!("{x}");
    });
    let mut late = Vec::new();
    for _ in 0..full(200) {
        let t0 = Instant::now();
        tokio::time::sleep(Duration::from_millis(1)).await;
        late.push(t0.elapsed().as_nanos() as i64 - 1_000_000);
    }
    late.sort_unstable();
    report("fairness", "late_p50", pct(&late, 0.5) / 1e6, "ms");
    report("fairness", "late_p99", pct(&late, 0.99) / 1e6, "ms");
    std::process::exit(0);
}

async fn idle_cpu() {
    let mut boxes = Vec::new();
    for _ in 0..full(10_000) {
        let (tx, mut rx) = mpsc::unbounded_channel::<u64>();
        boxes.push(tx);
        tokio::spawn(async move { rx.recv().await });
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let c0 = cpu_ns();
    let parts = if quick() { 5 } else { 1 }; // of five seconds
    tokio::time::sleep(Duration::from_secs(5) / parts).await;
    report("idle_cpu", "cpu_in_5s", parts as f64 * (cpu_ns() - c0) as f64 / 1e6, "ms");
}

fn report_wakeup(w: &str, mut late: Vec<i64>) {
    late.sort_unstable();
    report(w, "p50", pct(&late, 0.50) / 1e3, "us");
    report(w, "p99", pct(&late, 0.99) / 1e3, "us");
}

// A plain OS thread sends to the mailbox of a parked task.
async fn wakeup_thread() {
    let (tx, mut rx) = mpsc::unbounded_channel::<Instant>();
    std::thread::spawn(move || {
        let mut rnd = 7;
        for _ in 0..full(2000) {
            std::thread::sleep(Duration::from_micros(1000 + lehmer(&mut rnd) % 2000));
            tx.send(Instant::now()).unwrap();
        }
    });
    let mut late = Vec::new();
    while let Some(t) = rx.recv().await {
        late.push(t.elapsed().as_nanos() as i64);
    }
    report_wakeup("wakeup_thread", late);
}

async fn run(w: String) {
    match w.as_str() {
        "spawn_exit" => spawn_exit().await,
        "spawn_join_one" => spawn_join_one().await,
        "parked_memory_1m" => parked_mpsc(&w, full(1_000_000)).await,
        "parked_memory_100k" => parked_mpsc(&w, full(100_000)).await,
        "parked_memory_1m_oneshot" => parked_oneshot(&w, full(1_000_000)).await,
        "pingpong_same" | "pingpong_cross" => pingpong(&w).await,
        "yield" => yields().await,
        "ring_503" => ring(&w, 503, full(5_000_000)).await,
        "ring_100k" => ring(&w, 100_000, full(2_000_000)).await,
        "fanin" => fanin_unbounded().await,
        "fanin_bounded" => fanin_bounded().await,
        "skynet" => skynet_join().await,
        "skynet_mpsc" => skynet_mpsc().await,
        "big" => big().await,
        "timers" => timers().await,
        "fairness" => fairness().await,
        "idle_cpu" => idle_cpu().await,
        "wakeup_thread" => wakeup_thread().await,
        _ => panic!("unknown workload {w}"),
    }
}

fn main() {
    let mut args = std::env::args().skip(1);
    let w = args.next().expect("workload");
    let n: usize = args.next().map_or(1, |s| s.parse().unwrap());
    SCHEDULERS.store(n, Relaxed);
    let mut b = if n == 1 {
        tokio::runtime::Builder::new_current_thread()
    } else {
        tokio::runtime::Builder::new_multi_thread()
    };
    let rt = b.worker_threads(n).enable_all().build().unwrap();
    // The workload itself runs as a task, on a worker.
    rt.block_on(async { tokio::spawn(run(w)).await.unwrap() });
    std::process::exit(0);
}
