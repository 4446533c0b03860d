/* Stands in front of ptrace(2) for User-Mode Linux, by LD_PRELOAD.
 *
 * The guest's kernel saves and restores the extended registers of its processes through a buffer whose size was fixed
 * when it was built (2,696 bytes in Linux 6.1). A processor with more of them, such as one with AMX, has 11,008 bytes
 * of registers, and since 5.14 the host takes back nothing less than the whole (xstateregs_set in
 * arch/x86/kernel/fpu/regset.c): the guest's init dies before its first instruction. Here the part that the guest knows
 * is put into the whole that the host wants.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>

/* Where the XSAVE header says which components are present, and those that lie within the guest's buffer: x87 to
 * AVX-512 and the protection keys. What lies beyond goes back to its initial state; no guest knows of it. */
#define PRESENT 512
#define KNOWN UINT64_C(0x3ff)

typedef long ptrace_function(int, pid_t, void *, void *);

long ptrace(enum __ptrace_request request, ...)
{
    static ptrace_function *real;
    static char whole[1 << 16];

    va_list arguments;
    va_start(arguments, request);
    pid_t pid = va_arg(arguments, pid_t);
    void *address = va_arg(arguments, void *);
    void *data = va_arg(arguments, void *);
    va_end(arguments);

    if (!real)
        real = (ptrace_function *)dlsym(RTLD_NEXT, "ptrace");
    long result = real(request, pid, address, data);
    if (result == 0 || request != PTRACE_SETREGSET || address != (void *)NT_X86_XSTATE)
        return result;

    const struct iovec *part = data;
    struct iovec all = {whole, sizeof whole};
    if (real(PTRACE_GETREGSET, pid, address, &all) != 0)
        return result;
    if (part->iov_len < PRESENT + sizeof(uint64_t) || part->iov_len >= all.iov_len)
        return result;
    memcpy(whole, part->iov_base, part->iov_len);
    uint64_t present;
    memcpy(&present, whole + PRESENT, sizeof present);
    present &= KNOWN;
    memcpy(whole + PRESENT, &present, sizeof present);
    return real(PTRACE_SETREGSET, pid, address, &all);
}
