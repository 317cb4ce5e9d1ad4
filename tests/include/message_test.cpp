// The concept message: what qualifies by itself, what opts in, and what does not. That the refusals do not compile, and
// name the field, is shown in tests/compile_fail.
#include <mote/bytes.hpp>
#include <mote/message.hpp>
#include <mote/process.hpp>
#include <mote/unsafe_share.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <bitset>
#include <chrono>
#include <complex>
#include <deque>
#include <filesystem>
#include <forward_list>
#include <functional>
#include <list>
#include <locale>
#include <map>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <optional>
#include <queue>
#include <random>
#include <regex>
#include <set>
#include <span>
#include <stack>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <valarray>
#include <variant>
#include <vector>

namespace {

using mote::message;
using mote::process_function;
using mote::detail::sent_as_t;

enum class color { red, green };
struct nothing {};
struct point {
  int x, y;
};
struct order {
  int id;
  std::string text;
  std::vector<point> path;
};
struct pointing {
  int id;
  const char* text;
};

// Aggregates that are hard to count.
class closed {
 public:
  explicit closed(int secret) : secret_(secret) {}
  int secret() const { return secret_; }

 private:
  int secret_;
};
class sealed {
 public:
  explicit sealed(int secret) : secret_(secret) {}
  int secret() const { return secret_; }

 private:
  int secret_;
};
struct buffer {
  char name[4096];
  std::array<double, 512> samples;
  int size;
};
struct small_bits {
  int a : 3;
  unsigned b : 5;
  bool c : 1;
};
struct with_defaults {
  int count = 3;
  sealed inside = sealed(4);
  int pair[2] = {1, 2};
};
struct constant {
  const int id;
  const std::string text;
};
struct without_defaults {
  sealed one;
  int grid[2][3];
  sealed many[2];
  std::string text;
};
struct sixty_four {
  std::array<char, 2> a0, a1, a2, a3, a4, a5, a6, a7, b0, b1, b2, b3, b4, b5, b6, b7, c0, c1, c2, c3, c4, c5, c6, c7,
      d0, d1, d2, d3, d4, d5, d6, d7, e0, e1, e2, e3, e4, e5, e6, e7, f0, f1, f2, f3, f4, f5, f6, f7, g0, g1, g2, g3,
      g4, g5, g6, g7, h0, h1, h2, h3, h4, h5, h6, h7;
};

// Aggregates with bases.
struct tagged {};
struct tagged_point : tagged {
  int x, y;
};
struct two_bases : point, order {
  std::string more;
};
struct holds_its_base : point {
  point other;
  int weight;
};
struct counted_list : std::vector<int> {
  int total;
};
struct pointing_base : pointing {
  int more;
};
struct pointing_behind_base : point {
  int more;
  pointing inside;
};
struct reference_behind_base : point {
  int& more;
};
struct const_reference_behind_base : point {
  const int& more;
};
struct pointer_behind_tag : tagged {
  int* more;
};

// Types that contain themselves.
struct tree {
  std::vector<tree> children;
  std::string label;
};
struct forest;
struct wood {
  std::vector<forest> parts;
};
struct forest {
  std::map<std::string, std::optional<std::vector<wood>>> parts;
};
struct pointing_tree {
  std::vector<pointing_tree> children;
  pointing_tree* parent;
};

struct refused_index {
  int row;
};
struct move_only {
  move_only() = default;
  move_only(move_only&&) = default;
  move_only& operator=(move_only&&) = default;
};
struct by_length {
  bool operator()(const std::string& a, const std::string& b) const { return a.size() < b.size(); }
};
struct by_key {
  int key;
  bool operator()(int a, int b) const { return (a ^ key) < (b ^ key); }
};

}  // namespace

template <>
struct mote::message_traits<sealed> {
  static constexpr bool owns_all = true;
};
template <>
struct mote::message_traits<refused_index> {
  static constexpr bool owns_all = false;
};

namespace {

template <class... Types>
constexpr bool all = (message<Types> && ...);
template <class... Types>
constexpr bool none = (!message<Types> && ...);

TEST(message, is_every_plain_value) {
  static_assert(all<bool, char, char8_t, int, unsigned long long, float, long double, std::byte, color>);
  __extension__ using wide = __int128;
  EXPECT_TRUE((all<wide, const int>));
}

TEST(message, is_every_owning_type_of_the_standard_library) {
  using std::string, std::vector;
  static_assert(all<string, std::wstring, std::u8string, vector<int>, vector<bool>, std::deque<string>, std::list<int>,
                    std::forward_list<string>, std::array<string, 3>, std::array<int, 0>>);
  static_assert(all<std::set<string>, std::multiset<int>, std::map<int, string>, std::multimap<string, vector<int>>,
                    std::unordered_set<string>, std::unordered_map<string, int>, std::unordered_multimap<int, int>>);
  static_assert(
      all<std::pair<int, string>, std::tuple<>, std::tuple<int, string>, std::optional<string>,
          std::variant<std::monostate, int, string>, std::bitset<9>, std::complex<double>, std::valarray<int>>);
  static_assert(all<std::chrono::nanoseconds, std::chrono::duration<double>, std::chrono::steady_clock::time_point,
                    std::chrono::system_clock::time_point, std::chrono::year_month_day>);
  static_assert(all<std::error_code, std::error_condition, std::filesystem::path, std::mt19937_64, std::minstd_rand>);
  static_assert(all<std::stack<int>, std::queue<string>, std::priority_queue<int>, std::set<string, by_length>>);
  EXPECT_TRUE((all<std::map<string, std::optional<vector<std::variant<int, std::tuple<string, point>>>>>>));
}

TEST(message, is_every_value_of_motes_own) {
  static_assert(all<mote::pid, mote::ref, mote::alias, mote::reason, mote::exited, mote::down, mote::bytes>);
  EXPECT_TRUE((all<mote::unsafe_share<std::mutex>, std::vector<mote::pid>>));
}

TEST(message, is_an_aggregate_of_messages) {
  static_assert(all<nothing, point, order, std::vector<order>, buffer, small_bits, with_defaults, constant>);
  EXPECT_TRUE((all<without_defaults, sixty_four>));
}

TEST(message, may_have_bases) {
  static_assert(all<tagged_point, two_bases, holds_its_base, counted_list>);
  static_assert(none<pointing_base, pointing_behind_base, pointer_behind_tag>);
  EXPECT_TRUE((none<reference_behind_base, const_reference_behind_base>));
}

TEST(message, may_contain_itself) {
  static_assert(all<tree, wood, forest, std::list<tree>>);
  EXPECT_TRUE(none<pointing_tree>);
}

TEST(message, shares_no_memory) {
  using std::string;
  static_assert(none<int*, const char*, void*, std::nullptr_t, int point::*, void (*)(), void (point::*)(), int&,
                     const int&, int&&, void, void(), volatile int, int[3], int[]>);
  static_assert(none<std::string_view, std::span<int>, std::initializer_list<int>, std::reference_wrapper<int>>);
  static_assert(none<std::shared_ptr<int>, std::weak_ptr<int>, std::unique_ptr<int>, std::exception_ptr>);
  static_assert(none<std::atomic<int>, std::mutex, std::unique_lock<std::mutex>, std::function<void()>>);
  static_assert(none<std::pmr::string, std::pmr::vector<int>, std::map<int, std::pmr::string>>);
  static_assert(
      none<std::set<int, by_key>, std::set<int, bool (*)(int, int)>, std::set<int, std::function<bool(int, int)>>>);
  static_assert(none<std::vector<int>::iterator, std::set<int>::iterator, std::vector<bool>::reference>);
  static_assert(none<std::vector<int*>, std::optional<std::string_view>, std::tuple<int&>, std::variant<int, char*>>);
  EXPECT_TRUE((none<pointing, std::vector<pointing>, std::array<pointing, 2>, std::pair<int, pointing>>));
}

TEST(message, is_a_class_with_private_state_only_by_its_trait) {
  static_assert(message<sealed>);
  static_assert(none<closed, std::regex_error, std::locale>);
  EXPECT_FALSE(message<refused_index>);
}

TEST(message, is_moved_when_it_cannot_be_copied) { EXPECT_TRUE(message<move_only>); }

TEST(message, is_no_lambda_with_captures) {
  int count = 0;
  auto counting = [&count] { ++count; };
  auto copying = [count] { return count; };
  auto plain = [](int n) { return n; };
  counting();
  EXPECT_EQ(plain(copying()), 0);
  EXPECT_FALSE(message<decltype(counting)> || message<decltype(copying)>);
  EXPECT_TRUE(message<decltype(plain)>);
}

TEST(sent_as, decays_and_makes_a_string_of_a_literal) {
  static_assert(std::is_same_v<sent_as_t<decltype("text")>, std::string>);
  static_assert(std::is_same_v<sent_as_t<decltype(L"text")>, std::wstring>);
  static_assert(std::is_same_v<sent_as_t<decltype(u8"text")>, std::u8string>);
  static_assert(std::is_same_v<sent_as_t<const order&>, order> && std::is_same_v<sent_as_t<order>, order>);
  static_assert(std::is_same_v<sent_as_t<std::string&>, std::string>);
  static_assert(std::is_same_v<sent_as_t<char(&)[5]>, char*>, "a buffer is a pointer, and refused");
  const std::string sent = sent_as_t<decltype("text")>("text");
  EXPECT_EQ(sent, "text");
}

struct adder {
  void operator()(int, int) const {}
};
[[maybe_unused]] void plain(order, const std::string&, int&&) {}
[[maybe_unused]] void sums(int&) {}

TEST(process_function, is_plain_and_takes_its_arguments_as_values) {
  int total = 0;
  auto capturing = [&total] { ++total; };
  capturing();
  auto generic = [](auto&&... values) { return sizeof...(values); };
  static_assert(process_function<decltype(plain), order&, decltype("text"), int>);
  static_assert(process_function<decltype(&plain), order, std::string, int&>);
  static_assert(process_function<adder, int, int&> && process_function<decltype(generic), int, std::string>);
  static_assert(!process_function<decltype(sums), int&> && !process_function<adder, int>);
  static_assert(!process_function<std::function<void()>> &&
                !process_function<decltype(&adder::operator()), adder, int, int>);
  static_assert(!process_function<decltype(generic), int*> && !process_function<decltype(generic), std::string_view>);
  EXPECT_FALSE(process_function<decltype(capturing)>);
}

TEST(fields, are_counted_as_declared) {
  using mote::detail::base_count, mote::detail::element_count, mote::detail::field_types, mote::detail::type_list;
  static_assert(element_count<nothing> == 0 && element_count<buffer> == 3 && element_count<small_bits> == 3);
  static_assert(element_count<with_defaults> == 3 && element_count<without_defaults> == 4);
  static_assert(element_count<sixty_four> == 64 && element_count<two_bases> == 3 && base_count<two_bases> == 2);
  static_assert(std::is_same_v<field_types<constant>, type_list<const int, const std::string>>);
  static_assert(std::is_same_v<field_types<tagged_point>, type_list<int, int>>);
  int number = 1;
  struct references {
    int& one;
    const std::string& two;
    int&& three;
    char four[2];
  };
  using expected = type_list<int&, const std::string&, int&&, char[2]>;
  EXPECT_TRUE((std::is_same_v<field_types<references>, expected>));
  EXPECT_EQ(number, 1);
}

TEST(fields, are_visited_in_order) {
  order visited{7, "seven", {{1, 2}}};
  mote::detail::visit_fields(visited, [](int& id, std::string& text, std::vector<point>& path) {
    id += static_cast<int>(path.size());
    text += "th";
  });
  EXPECT_EQ(visited.id, 8);
  EXPECT_EQ(visited.text, "seventh");
}

TEST(unsafe_share, shares_one_object_among_its_copies) {
  mote::unsafe_share<std::atomic<int>> one(std::make_shared<std::atomic<int>>(1));
  auto other = one;
  other->store(2);
  EXPECT_EQ((*one).load(), 2);
  EXPECT_EQ(one, other);
  std::atomic<int> ours{3};
  mote::unsafe_share<std::atomic<int>> borrowed(&ours);
  EXPECT_EQ(borrowed.get(), &ours);
  EXPECT_FALSE(mote::unsafe_share<int>());
}

}  // namespace
