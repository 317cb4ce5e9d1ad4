// A small format for pictures, its writer, and a reader as one finds them in old C libraries: it believes all it reads.
//
//   "RUN1"                 then width, height and the sum of all pixels: 32 bits each, the lowest byte first
//   pairs of bytes, until the picture is full:
//     count, value         so many pixels of this value
//     0, pairs             a repetition: go on so many pairs further back
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <numeric>
#include <string>
#include <string_view>

namespace run_length {

struct picture {
  std::uint32_t width, height;
  std::string pixels;  // a byte each, row by row
};

constexpr std::string_view magic = "RUN1";
constexpr std::size_t header_bytes = 16;

/// Memory behind whose last byte nothing may be touched: what reads or writes past its end is ended by SIGSEGV there,
/// instead of going on with what lies behind. Source: Electric Fence (Perens, 1987).
class fenced_memory {
 public:
  /// Throws std::bad_alloc.
  explicit fenced_memory(std::size_t bytes) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const std::size_t whole = bytes / page * page + page;
    mapped_bytes_ = whole + page;
    void* const found =
        ::mmap(nullptr, mapped_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (found == MAP_FAILED) throw std::bad_alloc();
    mapped_ = static_cast<unsigned char*>(found);
    data_ = mapped_ + (whole - bytes);
    if (::mprotect(mapped_ + whole, page, PROT_NONE) != 0) {
      ::munmap(mapped_, mapped_bytes_);
      throw std::bad_alloc();
    }
  }
  fenced_memory(const fenced_memory&) = delete;
  fenced_memory& operator=(const fenced_memory&) = delete;
  ~fenced_memory() { ::munmap(mapped_, mapped_bytes_); }
  unsigned char* data() noexcept { return data_; }

 private:
  unsigned char* mapped_ = nullptr;
  unsigned char* data_ = nullptr;
  std::size_t mapped_bytes_ = 0;
};

inline std::uint32_t sum_of(const unsigned char* pixels, std::size_t count) {
  return std::accumulate(pixels, pixels + count, std::uint32_t{0});
}

// ---- the reader

// Volatile, so that a loop that only reads may be endless.
using input = const volatile unsigned char*;

inline std::uint32_t number_at(input in) {
  return in[0] | std::uint32_t{in[1]} << 8 | std::uint32_t{in[2]} << 16 | std::uint32_t{in[3]} << 24;
}

inline void fill(unsigned char* out, std::size_t pixels, input in) {
  for (std::size_t done = 0; done < pixels;) {
    const unsigned char count = in[0], value = in[1];
    if (count == 0) {
      in -= std::ptrdiff_t{2} * value;
    } else {
      in += 2;
      std::memset(out + done, value, count);
      done += count;
    }
  }
}

/// What the file holds. A file that is damaged ends the program by SIGSEGV or SIGABRT, or keeps it for ever.
/// Throws  std::bad_alloc for a picture larger than memory.
inline picture decode(std::string_view file) {
  fenced_memory bytes(file.size());
  std::memcpy(bytes.data(), file.data(), file.size());
  const input in = bytes.data();
  for (std::size_t i = 0; i < magic.size(); ++i) {
    if (in[i] != static_cast<unsigned char>(magic[i])) std::abort();
  }
  const std::uint32_t width = number_at(in + 4), height = number_at(in + 8);
  const std::size_t pixels = std::size_t{width} * height;
  fenced_memory out(pixels);
  fill(out.data(), pixels, in + header_bytes);
  if (sum_of(out.data(), pixels) != number_at(in + 12)) std::abort();
  return {width, height, std::string(reinterpret_cast<const char*>(out.data()), pixels)};
}

// ---- the writer

inline void put_number(std::string& out, std::uint32_t number) {
  for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>(number >> shift & 0xff));
}

inline std::string encode(const picture& from) {
  const std::string& pixels = from.pixels;
  std::string out(magic);
  put_number(out, from.width);
  put_number(out, from.height);
  put_number(out, sum_of(reinterpret_cast<const unsigned char*>(pixels.data()), pixels.size()));
  for (std::size_t i = 0; i < pixels.size();) {
    const std::size_t other = std::min(pixels.find_first_not_of(pixels[i], i), pixels.size());
    const std::size_t count = std::min<std::size_t>(other - i, 255);
    out.push_back(static_cast<char>(count));
    out.push_back(pixels[i]);
    i += count;
  }
  return out;
}

/// The picture as other programs read it.
inline std::string as_pgm(const picture& from) {
  return "P5 " + std::to_string(from.width) + " " + std::to_string(from.height) + " 255\n" + from.pixels;
}

/// Bars, each so many pixels wide; no row is like the next.
inline picture sample(std::uint32_t width, std::uint32_t height, std::uint32_t bar) {
  picture made{width, height, {}};
  made.pixels.reserve(std::size_t{width} * height);
  for (std::uint32_t y = 0; y < height; ++y) {
    for (std::uint32_t x = 0; x < width; ++x) made.pixels.push_back(static_cast<char>((x / bar + y) * 16 & 0xff));
  }
  return made;
}

}  // namespace run_length
