"""Use each GPU once through the driver's library: what nvidia-smi lists may refuse every call.

Prints how many GPUs work, or, with exit status 1, what the first one that does not says.
"""

import ctypes
import sys

WORDS = 1024


def check(library, name, *arguments):
    """Call one function of the driver; exit with its own words where it fails."""
    code = getattr(library, name)(*arguments)
    if code == 0:
        return
    text = ctypes.c_char_p()
    library.cuGetErrorString(code, ctypes.byref(text))
    sys.exit(f"{name}: error {code}, {(text.value or b'unknown').decode(errors='replace')}")


def use(library, number):
    """Write to the memory of one GPU and read it back."""
    device, context, memory = ctypes.c_int(), ctypes.c_void_p(), ctypes.c_uint64()
    back = (ctypes.c_uint32 * WORDS)()
    check(library, "cuDeviceGet", ctypes.byref(device), number)
    check(library, "cuDevicePrimaryCtxRetain", ctypes.byref(context), device)
    check(library, "cuCtxSetCurrent", context)
    size = ctypes.c_size_t(ctypes.sizeof(back))
    check(library, "cuMemAlloc_v2", ctypes.byref(memory), size)
    check(library, "cuMemsetD32_v2", memory, ctypes.c_uint(number + 1), ctypes.c_size_t(WORDS))
    check(library, "cuMemcpyDtoH_v2", back, memory, size)
    if any(word != number + 1 for word in back):
        sys.exit(f"GPU {number} does not give back what was written to it")
    check(library, "cuMemFree_v2", memory)
    check(library, "cuDevicePrimaryCtxRelease_v2", device)


def main():
    """Look at all of them."""
    try:
        library = ctypes.CDLL("libcuda.so.1")
    except OSError as error:
        sys.exit(f"the driver's library cannot be loaded: {error}")
    count = ctypes.c_int()
    check(library, "cuInit", 0)
    check(library, "cuDeviceGetCount", ctypes.byref(count))
    for number in range(count.value):
        use(library, number)
    print(count.value)


main()
