%% Lightweight-process workloads for the Erlang VM.
%% Usage: erl -noshell +S N:N +P 2000000 -run bench main WORKLOAD
%% Prints one line per metric: erlang WORKLOAD_sN METRIC VALUE UNIT. With QUICK=1 in the environment, a tenth is done.
-module(bench).
-export([main/1, hibernated/2]).

main([Name]) ->
    W = list_to_atom(Name),
    {_, Ref} = spawn_monitor(fun() -> run(W) end),
    receive {'DOWN', Ref, _, _, Why} -> Why =:= normal orelse io:format(standard_error, "~p~n", [Why]) end,
    erlang:halt(0, [{flush, true}]).

report(W, Metric, V, Unit) ->
    io:format("erlang ~s_s~b ~s ~s ~s~n",
              [W, erlang:system_info(schedulers_online), Metric,
               float_to_list(float(V), [{decimals, 3}, compact]), Unit]).

full(N) ->
    case os:getenv("QUICK", "") of "" -> N; _ -> N div 10 end.

now_ns() -> erlang:monotonic_time(nanosecond).
ms(Ns) -> Ns / 1.0e6.

%% A countdown that tells the waiter when it reaches zero (a wait group).
group(N) ->
    A = atomics:new(1, [{signed, true}]),
    atomics:put(A, 1, N),
    {A, self()}.
done({A, Waiter}) ->
    case atomics:sub_get(A, 1, 1) of
        0 -> Waiter ! all_done, ok;
        _ -> ok
    end.
wait() -> receive all_done -> ok end.

rss() ->
    {ok, B} = file:read_file("/proc/self/statm"),
    [_, Pages | _] = binary:split(B, <<" ">>, [global]),
    binary_to_integer(Pages) * 4096.

%% CPU nanoseconds of all threads of this VM.
cpu_ns() ->
    {ok, Tasks} = file:list_dir("/proc/self/task"),
    lists:sum([begin
                   {ok, B} = file:read_file("/proc/self/task/" ++ T ++ "/schedstat"),
                   [Ns | _] = binary:split(B, <<" ">>),
                   binary_to_integer(Ns)
               end || T <- Tasks]).

lehmer(X) -> X * 16807 rem 2147483647.

pct(Sorted, P) -> lists:nth(1 + trunc(P * (length(Sorted) - 1)), Sorted).

repeat(0, _) -> ok;
repeat(N, F) -> F(), repeat(N - 1, F).

%% ---------------------------------------------------------------------------

run(spawn_exit) ->
    N = full(1000000),
    T = now_ns(),
    G = group(N),
    spawn_n(N, fun() -> done(G) end),
    wait(),
    report(spawn_exit, ns_per_op, (now_ns() - T) / N, ns);

run(spawn_join_one) ->
    N = full(1000000),
    T = now_ns(),
    spawn_join(N, self()),
    report(spawn_join_one, ns_per_op, (now_ns() - T) / N, ns);

run(parked_memory_1m = W) -> parked(W, full(1000000), false);
run(parked_memory_100k = W) -> parked(W, full(100000), false);
run(parked_memory_1m_hibernate = W) -> parked(W, full(1000000), true);

run(W) when W =:= pingpong_same; W =:= pingpong_cross ->
    N = full(5000000),
    Me = self(),
    T = now_ns(),
    Pong = spawn(fun() -> pong() end),
    spawn(fun() -> ping(N, Pong), Me ! all_done end),
    Pong ! {peer, undefined},
    wait(),
    report(W, ns_per_message, (now_ns() - T) / (2 * N), ns);

run(yield) ->
    N = full(5000000),
    G = group(2),
    T = now_ns(),
    spawn_n(2, fun() -> yield(N), done(G) end),
    wait(),
    report(yield, ns_per_switch, (now_ns() - T) / (2 * N), ns);

run(ring_503 = W) -> ring(W, 503, full(5000000));
run(ring_100k = W) -> ring(W, 100000, full(2000000));

run(fanin) -> fanin(fanin_on_heap, on_heap);
run(fanin_off_heap) -> fanin(fanin_off_heap, off_heap);

run(skynet) ->
    Me = self(),
    T = now_ns(),
    N = full(1000000),
    spawn(fun() -> skynet(Me, 0, N) end),
    Sum = N * (N - 1) div 2,
    receive Sum -> ok end,
    report(skynet, total, ms(now_ns() - T), ms);

run(big) ->
    Actors = 120, Pings = full(20000),
    Me = self(),
    T = now_ns(),
    Pids = [spawn(fun() -> receive {start, All} -> big_start(I, Pings, All, Me) end end)
            || I <- lists:seq(1, Actors)],
    All = list_to_tuple(Pids),
    [P ! {start, All} || P <- Pids],
    repeat(Actors, fun() -> receive sent -> ok end end),
    G = group(Actors),
    [P ! {exit, G} || P <- Pids],
    wait(),
    report(big, messages_per_s, 2 * Actors * Pings / ((now_ns() - T) / 1.0e9), '1/s');

run(timers) ->
    N = full(1000000),
    %% Histogram of lateness: 0.1 ms buckets up to 60 s, then sum in its own slot.
    Buckets = 600000,
    H = counters:new(Buckets, [atomics]),
    S = atomics:new(1, []),
    T = now_ns(),
    G = group(N),
    timer_procs(N, 42, G, H, S, Buckets),
    Spawned = now_ns() - T,
    wait(),
    Wall = now_ns() - T,
    report(timers, spawn_loop, ms(Spawned), ms),
    report(timers, wall, ms(Wall), ms),
    report(timers, late_mean, atomics:get(S, 1) / N / 1.0e6, ms),
    report(timers, late_p99, hist_pct(H, 1, 0, 0.99 * N) / 10, ms);

run(fairness) ->
    Hog = spawn(fun() -> hog(1) end),
    L = lists:sort([begin
                        T0 = now_ns(),
                        receive after 1 -> ok end,
                        now_ns() - T0 - 1000000
                    end || _ <- lists:seq(1, full(200))]),
    exit(Hog, kill),
    report(fairness, late_p50, ms(pct(L, 0.50)), ms),
    report(fairness, late_p99, ms(pct(L, 0.99)), ms);

run(idle_cpu) ->
    Pids = [spawn(fun() -> receive _ -> ok end end) || _ <- lists:seq(1, full(10000))],
    timer:sleep(500),
    C0 = cpu_ns(),
    Parts = case full(10) of 10 -> 1; _ -> 5 end, %% of five seconds
    timer:sleep(5000 div Parts),
    C1 = cpu_ns(),
    true = length(Pids) > 0,
    report(idle_cpu, cpu_in_5s, Parts * ms(C1 - C0), ms).

%% ---------------------------------------------------------------------------

spawn_n(0, _) -> ok;
spawn_n(N, F) -> spawn(F), spawn_n(N - 1, F).

spawn_join(0, _) -> ok;
spawn_join(N, Me) ->
    spawn(fun() -> Me ! ok end),
    receive ok -> spawn_join(N - 1, Me) end.

parked(W, N, Hibernate) ->
    erlang:garbage_collect(),
    Before = rss(),
    T = now_ns(),
    Started = group(N),
    Ended = group(N),
    F = case Hibernate of
            false -> fun() -> done(Started), receive stop -> done(Ended) end end;
            true  -> fun() -> erlang:hibernate(?MODULE, hibernated, [Started, Ended]) end
        end,
    Pids = [spawn(F) || _ <- lists:seq(1, N)],
    case Hibernate of false -> wait(); true -> timer:sleep(1000) end,
    Spawn = now_ns() - T,
    timer:sleep(100),
    After = rss(),
    T2 = now_ns(),
    [P ! stop || P <- Pids],
    wait(),
    Wake = now_ns() - T2,
    report(W, rss_per_proc, (After - Before) / N, bytes),
    case Hibernate of false -> report(W, spawn_and_park, Spawn / N, ns); true -> ok end,
    report(W, wake_and_end, Wake / N, ns).

hibernated(_Started, Ended) ->
    receive stop -> done(Ended) end.

ping(0, _) -> ok;
ping(N, Pong) ->
    Pong ! {self(), N},
    receive N -> ping(N - 1, Pong) end.

pong() ->
    receive
        {peer, undefined} -> pong();
        {From, N} -> From ! N, pong()
    end.

yield(0) -> ok;
yield(N) -> erlang:yield(), yield(N - 1).

ring(W, Procs, Hops) ->
    Me = self(),
    First = spawn(fun() -> receive {next, Next} -> node_loop(Next, Me) end end),
    Last = lists:foldl(fun(_, Next) -> spawn(fun() -> node_loop(Next, Me) end) end,
                       First, lists:seq(2, Procs)),
    First ! {next, Last},
    timer:sleep(200),
    T = now_ns(),
    First ! Hops,
    wait(),
    report(W, ns_per_hop, (now_ns() - T) / Hops, ns).

node_loop(Next, Me) ->
    receive
        0 -> Me ! all_done;
        N -> Next ! N - 1, node_loop(Next, Me)
    end.

fanin(W, Kind) ->
    Producers = 8, Each = full(1000000),
    Me = self(),
    T = now_ns(),
    Consumer = spawn_opt(fun() -> Me ! {sum, collect(Producers * Each, 0)} end,
                         [{message_queue_data, Kind}]),
    [spawn(fun() -> produce(Consumer, P, Each) end) || P <- lists:seq(1, Producers)],
    Sum = Producers * Each * (Each + 1) div 2,
    receive {sum, Sum} -> ok end,
    report(W, messages_per_s, Producers * Each / ((now_ns() - T) / 1.0e9), '1/s').

produce(_, _, 0) -> ok;
produce(To, Id, N) -> To ! {Id, N}, produce(To, Id, N - 1).

collect(0, Sum) -> Sum;
collect(N, Sum) -> receive {_Id, V} -> collect(N - 1, Sum + V) end.

skynet(Parent, Num, 1) -> Parent ! Num;
skynet(Parent, Num, Size) ->
    Me = self(),
    Sub = Size div 10,
    [spawn(fun() -> skynet(Me, Num + I * Sub, Sub) end) || I <- lists:seq(0, 9)],
    Parent ! sum10(10, 0).

sum10(0, Sum) -> Sum;
sum10(N, Sum) -> receive V -> sum10(N - 1, Sum + V) end.

big_start(I, Pings, All, Sink) ->
    big(I, big_ping(I, I, All), Pings - 1, All, Sink).

big_ping(I, X, All) ->
    X1 = lehmer(X),
    To = case 1 + X1 rem (tuple_size(All) - 1) of
             J when J >= I -> J + 1;
             J -> J
         end,
    element(To, All) ! {ping, self()},
    X1.

big(I, X, Left, All, Sink) ->
    receive
        {ping, From} -> From ! pong, big(I, X, Left, All, Sink);
        pong when Left > 0 -> big(I, big_ping(I, X, All), Left - 1, All, Sink);
        pong -> Sink ! sent, big(I, X, Left, All, Sink);
        {exit, G} -> done(G)
    end.

timer_procs(0, _, _, _, _, _) -> ok;
timer_procs(N, X, G, H, S, Buckets) ->
    X1 = lehmer(X),
    D = 1 + X1 rem 1000,
    spawn(fun() ->
                  T0 = now_ns(),
                  receive after D -> ok end,
                  Late = max(0, now_ns() - T0 - D * 1000000),
                  counters:add(H, min(Buckets, 1 + Late div 100000), 1),
                  atomics:add(S, 1, Late),
                  done(G)
          end),
    timer_procs(N - 1, X1, G, H, S, Buckets).

hist_pct(H, I, Seen, Goal) ->
    case Seen + counters:get(H, I) of
        Now when Now >= Goal -> I;
        Now -> hist_pct(H, I + 1, Now, Goal)
    end.

hog(X) -> hog((X * 16807 + 1) band 16#3fffffff).
