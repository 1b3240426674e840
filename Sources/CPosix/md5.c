/// MD5 (RFC 1321), which S3 and Azure list for their objects. Against accidents, not against forgery.
///
/// In C beside the CRC32C, for the same reason: a debug build in Swift is far slower than the disk.
#include "cposix.h"

#include <string.h>

/// The integer part of 2^32 times abs(sin(i)), i from 1 (RFC 1321, 3.4).
static const uint32_t sines[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};

static uint32_t rotate(uint32_t value, int by) { return value << by | value >> (32 - by); }

/// One step each of the four rounds; `g` is the word of the block.
#define STEP(function, a, b, c, d, g, i, by) \
    a = b + rotate(a + (function) + words[g] + sines[i], by)
#define F(b, c, d) (d ^ (b & (c ^ d)))
#define G(b, c, d) (c ^ (d & (b ^ c)))
#define H(b, c, d) (b ^ c ^ d)
#define I(b, c, d) (c ^ (b | ~d))
/// Four steps, in which a, b, c and d change places; the words are `stride` apart.
#define FOUR(function, first, stride, i, s0, s1, s2, s3)                          \
    STEP(function(b, c, d), a, b, c, d, (first) & 15, i, s0);                     \
    STEP(function(a, b, c), d, a, b, c, ((first) + (stride)) & 15, (i) + 1, s1);   \
    STEP(function(d, a, b), c, d, a, b, ((first) + 2 * (stride)) & 15, (i) + 2, s2); \
    STEP(function(c, d, a), b, c, d, a, ((first) + 3 * (stride)) & 15, (i) + 3, s3)

static void compress(uint32_t state[4], const unsigned char *data, size_t blocks) {
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    for (; blocks > 0; blocks--, data += 64) {
        uint32_t words[16];
        // Byte by byte, so any byte order will do; the compiler makes a load of it.
        for (int i = 0; i < 16; i++) {
            words[i] = (uint32_t)data[4 * i] | (uint32_t)data[4 * i + 1] << 8 |
                       (uint32_t)data[4 * i + 2] << 16 | (uint32_t)data[4 * i + 3] << 24;
        }
        const uint32_t before[4] = {a, b, c, d};
        for (int i = 0; i < 16; i += 4) { FOUR(F, i, 1, i, 7, 12, 17, 22); }
        for (int i = 16; i < 32; i += 4) { FOUR(G, 5 * i + 1, 5, i, 5, 9, 14, 20); }
        for (int i = 32; i < 48; i += 4) { FOUR(H, 3 * i + 5, 3, i, 4, 11, 16, 23); }
        for (int i = 48; i < 64; i += 4) { FOUR(I, 7 * i, 7, i, 6, 10, 15, 21); }
        a += before[0], b += before[1], c += before[2], d += before[3];
    }
    state[0] = a, state[1] = b, state[2] = c, state[3] = d;
}

void cposix_md5_start(struct cposix_md5 *digest) {
    memset(digest, 0, sizeof *digest);
    digest->state[0] = 0x67452301;
    digest->state[1] = 0xefcdab89;
    digest->state[2] = 0x98badcfe;
    digest->state[3] = 0x10325476;
}

void cposix_md5_update(struct cposix_md5 *digest, const void *bytes, size_t count) {
    const unsigned char *data = bytes;
    size_t held = digest->length % 64;
    digest->length += count;
    if (held > 0) {
        size_t taken = count < 64 - held ? count : 64 - held;
        memcpy(digest->pending + held, data, taken);
        if (held + taken < 64) return;
        compress(digest->state, digest->pending, 1);
        data += taken, count -= taken;
    }
    compress(digest->state, data, count / 64);
    if (count % 64 > 0) memcpy(digest->pending, data + count / 64 * 64, count % 64);
}

void cposix_md5_finish(struct cposix_md5 *digest, unsigned char result[16]) {
    uint64_t bits = digest->length * 8;
    unsigned char tail[72] = {0x80};
    size_t held = digest->length % 64;
    size_t padding = held < 56 ? 56 - held : 120 - held;
    for (int i = 0; i < 8; i++) tail[padding + i] = (unsigned char)(bits >> (8 * i));
    cposix_md5_update(digest, tail, padding + 8);
    for (int i = 0; i < 16; i++) result[i] = (unsigned char)(digest->state[i / 4] >> (8 * (i % 4)));
}
