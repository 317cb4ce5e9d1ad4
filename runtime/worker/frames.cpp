#include "runtime/worker/frames.hpp"

#include "runtime/process/crossing.hpp"

#include <mote/error.hpp>

#include <cstring>

namespace mote::detail {

namespace {

constexpr std::size_t head_bytes = sizeof(std::uint32_t) + sizeof(frame_kind);

template <class Frame>
outbound packed(frame_kind kind, const Frame& what) {
  frame_writer made(kind);
  made.body().put(what);
  return made.finish();
}

}  // namespace

outbound frame_writer::finish() {
  if (out_.size() > 0xffff'ffff) throw usage_error("mote: a message of more than 4 GiB cannot cross to another OS process");
  const auto size = static_cast<std::uint32_t>(out_.size());
  out_.overwrite(0, &size, sizeof(size));
  return {out_.take()};
}

outbound pack(const start_frame& what) { return packed(frame_kind::start, what); }
outbound pack(const signal_frame& what) { return packed(frame_kind::signal, what); }
outbound pack(const finished_frame& what) { return packed(frame_kind::finished, what); }

outbound pack(const mail_frame& head, const envelope& mail) {
  if (const std::string why = why_not_crossing(*mail.type); !why.empty()) throw usage_error("mote::send: " + why);
  frame_writer made(frame_kind::mail);
  made.body().put(head);
  mail.type->codec->encode(&mail + 1, made.body());
  return made.finish();
}

mail_frame head_of(pid to, pid asker, const envelope& mail) {
  return {to, asker, mail.mark, mail.slot, mail.kind, crossing_name(*mail.type)};
}

outbound readdressed(const outbound& frame, pid to, ref name) {
  decoder in(std::span<const std::byte>(frame.frame).subspan(head_bytes));
  auto head = in.get<mail_frame>();
  head.to = to;
  head.mark = name.number();
  head.slot = name.slot();
  frame_writer made(frame_kind::mail);
  made.body().put(head);
  const auto message = in.get_view(in.left());
  made.body().put_raw(message.data(), message.size());
  return made.finish();
}

frame_kind frame_reader::next(std::span<const std::byte>& body) {
  decoder in(left_);
  const auto size = in.get<std::uint32_t>();
  const auto kind = in.get<frame_kind>();
  if (size < head_bytes || size > left_.size()) decoder::refuse("a frame's length is wrong");
  if (kind > frame_kind::finished) decoder::refuse("a frame of no kind there is");
  body = left_.subspan(head_bytes, size - head_bytes);
  left_ = left_.subspan(size);
  return kind;
}

envelope_ptr unpack(const mail_frame& head, decoder& body) {
  const message_type* const type = type_of_name(head.type);
  if (type == nullptr) decoder::refuse("a message of a type that this program does not know");
  if (head.kind >= envelope_kind::signal) decoder::refuse("a message of no kind there is");
  envelope* const mail = allocate_envelope(sizeof(envelope) + ((type->size + 7) & ~std::size_t{7}) + sizeof(std::uint64_t));
  try {
    type->codec->decode(mail->payload(), body);
  } catch (...) {
    free_envelope(mail);
    throw;
  }
  mail->type = type;
  mail->mark = head.mark;
  mail->slot = head.slot & 0xFFFFFF;
  mail->kind = head.kind;
  envelope_ptr owned(mail);
  check_end(body);
  return owned;
}

void check_end(const decoder& body) {
  if (body.left() != 0) decoder::refuse("a frame is longer than what it holds");
}

}  // namespace mote::detail
