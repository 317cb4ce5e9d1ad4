// A message's type once it is in an envelope: same_type says yes for one type wherever it was sent from, and no for
// another.
#include "tests/include/message_type_twin.hpp"

#include <mote/type_name.hpp>

#include <gtest/gtest.h>

#include <list>
#include <string>
#include <vector>

namespace {

using mote::detail::last_name;
using mote::detail::message_type;
using mote::detail::message_type_of;
using mote::detail::same_type;

// Of another layout than the twin's: reading one as the other would be wrong.
struct local_name {
  int value;
};

// What another part of the program, which hides its symbols, has of the same type.
message_type copy_of(const message_type& record) { return record; }

TEST(message_type, is_the_same_from_every_file) {
  EXPECT_TRUE(same_type(message_type_of<shared_name>, twin_shared()));
  EXPECT_TRUE(same_type(message_type_of<shared_name>, copy_of(twin_shared())));
  EXPECT_TRUE(same_type(message_type_of<std::string>, copy_of(message_type_of<std::string>)));
}

TEST(message_type, tells_types_apart) {
  EXPECT_FALSE(same_type(message_type_of<int>, message_type_of<unsigned>));
  EXPECT_FALSE(same_type(message_type_of<long>, message_type_of<long long>));
  EXPECT_FALSE(same_type(message_type_of<std::vector<int>>, message_type_of<std::vector<char>>));
}

TEST(message_type, tells_types_of_one_name_in_two_files_apart) {
  EXPECT_EQ(message_type_of<local_name>.hash, twin_anonymous().hash);
  EXPECT_FALSE(same_type(message_type_of<local_name>, twin_anonymous()));
  EXPECT_TRUE(same_type(message_type_of<local_name>, copy_of(message_type_of<local_name>)));
}

static const message_type& record_of_local() {
  struct local {
    int value;
  };
  return message_type_of<local>;
}
TEST(message_type, tells_types_inside_of_static_functions_apart) {
  EXPECT_FALSE(same_type(record_of_local(), twin_static()));
}

TEST(message_type, knows_what_destroying_takes) {
  EXPECT_EQ(message_type_of<int>.destroy, nullptr);
  EXPECT_EQ(message_type_of<shared_name>.destroy, nullptr);
  static int destroyed;
  struct tells {
    ~tells() { ++destroyed; }
  };
  alignas(tells) unsigned char place[sizeof(tells)];
  message_type_of<tells>.destroy(::new (place) tells);
  EXPECT_EQ(destroyed, 1);
  EXPECT_EQ(message_type_of<std::string>.size, sizeof(std::string));
  EXPECT_EQ(message_type_of<std::string>.alignment, alignof(std::string));
}

TEST(message_type, hashes_only_what_all_compilers_spell_alike) {
  EXPECT_EQ(last_name("std::__cxx11::list<int, std::allocator<int> >"), "list");
  EXPECT_EQ(last_name("shop::order"), "order");
  EXPECT_EQ(last_name("outer<shop::order>::inner"), "inner");
  EXPECT_EQ(last_name("{anonymous}::local"), last_name("(anonymous namespace)::local"));
  EXPECT_EQ(last_name("main()::local"), last_name("local"));
  EXPECT_EQ(last_name("<lambda(int)>"), "");
  EXPECT_EQ(last_name("(lambda at file.cpp:3:4)"), "");
}

TEST(type_name, is_what_the_user_wrote) {
  EXPECT_EQ(mote::type_name<int>(), "int");
  EXPECT_EQ(mote::type_name<shared_name>(), "shared_name");
  EXPECT_EQ(mote::type_name<std::vector<int>>(), "std::vector<int>");
}

}  // namespace
