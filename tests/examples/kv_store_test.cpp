// The store of kv_server: what a shard answers, and what becomes of it when one ends.
#include "examples/kv_commands.hpp"
#include "tests/in_process.hpp"

namespace mote::test {
namespace {

std::string answer_to(kv::store& data, const kv::words& words) {
  std::string out;
  kv::execute({words, data, out});
  return out;
}

TEST(kv_store, keeps_each_key_in_one_of_its_shards) {
  in_every_mode([] {
    kv::start_store(3);
    kv::store data(3);
    for (const char* key : {"a", "b", "c", "d", "e", "f"}) EXPECT_EQ(answer_to(data, {"SET", key, key}), "+OK\r\n");
    EXPECT_EQ(answer_to(data, {"get", "d"}), "$1\r\nd\r\n");
    EXPECT_EQ(answer_to(data, {"dbsize"}), ":6\r\n");
    EXPECT_EQ(answer_to(data, {"del", "a", "b", "x"}), ":2\r\n");
    EXPECT_EQ(answer_to(data, {"exists", "a", "c", "c"}), ":2\r\n");
    EXPECT_EQ(answer_to(data, {"flushall"}), "+OK\r\n");
    EXPECT_EQ(answer_to(data, {"get", "d"}), "$-1\r\n");
  });
}

// Whoever knew the shard that ended is answered an error at most, and then finds the new one.
TEST(kv_store, has_a_shard_again_that_was_killed) {
  in_every_mode([] {
    kv::start_store(1);
    kv::store data(1);
    answer_to(data, {"set", "key", "value"});
    const pid before = whereis(kv::name_of_shard(0));
    kill(before);
    end_of(before);
    std::string got;
    until([&] { return !(got = answer_to(data, {"get", "key"})).starts_with("-ERR the store failed"); });
    EXPECT_EQ(got, "$-1\r\n");
    EXPECT_NE(whereis(kv::name_of_shard(0)), before);
  });
}

}  // namespace
}  // namespace mote::test
