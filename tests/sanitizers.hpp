// Which tool watches a test, where that changes what can be claimed.
#pragma once

#if defined(__SANITIZE_THREAD__)
#define MOTE_UNDER_TSAN 1
#elif defined(__SANITIZE_ADDRESS__)
#define MOTE_UNDER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define MOTE_UNDER_TSAN 1
#elif __has_feature(address_sanitizer)
#define MOTE_UNDER_ASAN 1
#endif
#endif
