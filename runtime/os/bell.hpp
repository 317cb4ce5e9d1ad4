// A bell: rung by any thread, heard by whoever polls its descriptor, until it is silenced (Linux's eventfd).
#pragma once

namespace mote::detail {

class bell {
 public:
  /// what: for whom, in the error. Throws std::system_error that names the limit when the system has no descriptor left.
  explicit bell(const char* what);
  ~bell();
  bell(const bell&) = delete;
  bell& operator=(const bell&) = delete;

  /// Polls readable while the bell rings. Close-on-exec.
  int descriptor() const noexcept { return descriptor_; }
  /// Any thread; never blocks. Rings until silenced.
  void ring() noexcept;
  void silence() noexcept;

 private:
  int descriptor_;
};

}  // namespace mote::detail
