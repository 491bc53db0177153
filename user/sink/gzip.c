/* SPDX-License-Identifier: GPL-2.0-only */
/* Gzip: bytes compressed into a file. */
#include "sink/gzip.h"

#include <errno.h>

#include <zlib.h>

#define CHUNK 65536
#define GZIP_FORMAT 16 /* added to the window's bits */

/* Writes what the stream has put into @chunk. 0 or a negative errno. */
static int write_chunk(FILE *out, const z_stream *stream, const unsigned char *chunk)
{
	const size_t length = CHUNK - stream->avail_out;

	errno = 0;
	if (fwrite(chunk, 1, length, out) == length)
		return 0;
	return errno ? -errno : -EIO;
}

int gzip_write(FILE *out, const unsigned char *bytes, size_t length)
{
	unsigned char chunk[CHUNK];
	z_stream stream = {.next_in = (unsigned char *)bytes};
	int state = Z_OK, err = 0;

	if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + GZIP_FORMAT,
			 MAX_MEM_LEVEL - 1, Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	while (state != Z_STREAM_END && !err) {
		if (!stream.avail_in) {
			stream.avail_in = length < CHUNK ? (uInt)length : CHUNK;
			length -= stream.avail_in;
		}
		stream.next_out = chunk;
		stream.avail_out = CHUNK;
		state = deflate(&stream, length ? Z_NO_FLUSH : Z_FINISH);
		err = state == Z_STREAM_ERROR ? -EIO : write_chunk(out, &stream, chunk);
	}
	deflateEnd(&stream);
	return err;
}
