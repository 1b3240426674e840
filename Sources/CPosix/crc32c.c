/// CRC32C (Castagnoli, reflected polynomial 0x82F63B78; RFC 3720, appendix B.4).
///
/// In C, since the processor's own instruction needs intrinsics, and since a debug build of the
/// same loop in Swift is 50 times slower than the disk.
#include "cposix.h"

#include <pthread.h>
#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>

__attribute__((target("sse4.2"))) static uint32_t hardware(
    uint32_t crc, const unsigned char *data, size_t count) {
    uint64_t wide = crc;
    for (; count >= 8; data += 8, count -= 8) {
        uint64_t word;
        memcpy(&word, data, 8);
        wide = _mm_crc32_u64(wide, word);
    }
    crc = (uint32_t)wide;
    for (; count > 0; data++, count--) crc = _mm_crc32_u8(crc, *data);
    return crc;
}

static int has_hardware(void) { return __builtin_cpu_supports("sse4.2"); }

#elif defined(__aarch64__)
#ifdef __linux__
#include <sys/auxv.h>
#endif

__attribute__((target("crc"))) static uint32_t hardware(
    uint32_t crc, const unsigned char *data, size_t count) {
    for (; count >= 8; data += 8, count -= 8) {
        uint64_t word;
        memcpy(&word, data, 8);
        crc = __builtin_arm_crc32cd(crc, word);
    }
    for (; count > 0; data++, count--) crc = __builtin_arm_crc32cb(crc, *data);
    return crc;
}

static int has_hardware(void) {
#ifdef __linux__
    return (getauxval(AT_HWCAP) & (1UL << 7)) != 0;  // HWCAP_CRC32
#else
    return 1;  // every Apple processor of this architecture
#endif
}

#else
static uint32_t hardware(uint32_t crc, const unsigned char *data, size_t count) {
    (void)data;
    (void)count;
    return crc;
}

static int has_hardware(void) { return 0; }
#endif

static uint32_t table[8][256];
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

static void make_table(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t value = byte;
        for (int bit = 0; bit < 8; bit++) {
            value = (value >> 1) ^ ((value & 1) ? 0x82F63B78u : 0);
        }
        table[0][byte] = value;
    }
    for (uint32_t byte = 0; byte < 256; byte++) {
        for (int slice = 1; slice < 8; slice++) {
            uint32_t former = table[slice - 1][byte];
            table[slice][byte] = (former >> 8) ^ table[0][former & 0xff];
        }
    }
}

uint32_t cposix_crc32c_portable(uint32_t crc, const void *bytes, size_t count) {
    pthread_once(&table_once, make_table);
    const unsigned char *data = bytes;
    crc = ~crc;
    // Eight bytes a step ("slicing by 8"); composed byte by byte, so any byte order will do.
    for (; count >= 8; data += 8, count -= 8) {
        uint32_t low = crc ^ ((uint32_t)data[0] | (uint32_t)data[1] << 8 |
                              (uint32_t)data[2] << 16 | (uint32_t)data[3] << 24);
        crc = table[7][low & 0xff] ^ table[6][(low >> 8) & 0xff] ^ table[5][(low >> 16) & 0xff] ^
              table[4][low >> 24] ^ table[3][data[4]] ^ table[2][data[5]] ^ table[1][data[6]] ^
              table[0][data[7]];
    }
    for (; count > 0; data++, count--) crc = (crc >> 8) ^ table[0][(crc ^ *data) & 0xff];
    return ~crc;
}

uint32_t cposix_crc32c(uint32_t crc, const void *bytes, size_t count) {
    if (!has_hardware()) return cposix_crc32c_portable(crc, bytes, count);
    return ~hardware(~crc, bytes, count);
}
