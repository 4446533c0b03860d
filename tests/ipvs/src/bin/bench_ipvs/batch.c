/* Fills the kernel's IPVS table with services of ten servers, so many messages in one datagram, an acknowledgement asked
 * for the last of each only: what can be had without bellwether. `batch SCHEDULER MESSAGES SERVICES` prints
 * `took fill SECONDS`. */
#include <arpa/inet.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char out[1 << 18], in[1 << 18];
static size_t length;
static uint32_t sequence;
static int fd, in_datagram, limit;

static void *put(uint16_t kind, const void *value, size_t size) {
    struct nlattr *attribute = (struct nlattr *)(out + length);
    attribute->nla_type = kind;
    attribute->nla_len = NLA_HDRLEN + size;
    if (size)
        memcpy(out + length + NLA_HDRLEN, value, size);
    length += NLA_ALIGN(attribute->nla_len);
    return attribute;
}

static void close_nest(struct nlattr *nest) { nest->nla_len = out + length - (char *)nest; }

static struct nlmsghdr *begin(uint16_t family, uint8_t command, uint16_t flags) {
    struct nlmsghdr *header = (struct nlmsghdr *)(out + length);
    memset(header, 0, NLMSG_HDRLEN + GENL_HDRLEN);
    header->nlmsg_type = family;
    header->nlmsg_flags = NLM_F_REQUEST | flags;
    header->nlmsg_seq = ++sequence;
    ((struct genlmsghdr *)NLMSG_DATA(header))->cmd = command;
    ((struct genlmsghdr *)NLMSG_DATA(header))->version = 1;
    length += NLMSG_HDRLEN + GENL_HDRLEN;
    return header;
}

/* Sends what there is and waits for the answer to the last message. */
static void flush(void) {
    if (!in_datagram)
        return;
    if (send(fd, out, length, 0) != (ssize_t)length)
        perror("send"), exit(1);
    for (int done = 0; !done;) {
        int size = recv(fd, in, sizeof in, 0);
        if (size < 0)
            perror("recv"), exit(1);
        for (struct nlmsghdr *h = (struct nlmsghdr *)in; NLMSG_OK(h, (unsigned)size); h = NLMSG_NEXT(h, size)) {
            if (h->nlmsg_type == NLMSG_ERROR && ((struct nlmsgerr *)NLMSG_DATA(h))->error)
                fprintf(stderr, "errno %d\n", -((struct nlmsgerr *)NLMSG_DATA(h))->error), exit(1);
            done |= h->nlmsg_seq == sequence;
        }
    }
    length = 0;
    in_datagram = 0;
}

static void end(struct nlmsghdr *header) {
    header->nlmsg_len = out + length - (char *)header;
    if (++in_datagram == limit) {
        header->nlmsg_flags |= NLM_F_ACK;
        flush();
    }
}

static uint16_t family(void) {
    struct nlmsghdr *header = begin(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
    put(CTRL_ATTR_FAMILY_NAME, IPVS_GENL_NAME, sizeof IPVS_GENL_NAME);
    header->nlmsg_len = length;
    send(fd, out, length, 0);
    length = 0;
    int size = recv(fd, in, sizeof in, 0);
    struct nlattr *a = (struct nlattr *)(in + NLMSG_HDRLEN + GENL_HDRLEN);
    while ((char *)a < in + size && a->nla_type != CTRL_ATTR_FAMILY_ID)
        a = (struct nlattr *)((char *)a + NLA_ALIGN(a->nla_len));
    if ((char *)a >= in + size)
        fprintf(stderr, "this kernel has no ip_vs\n"), exit(1);
    return *(uint16_t *)((char *)a + NLA_HDRLEN);
}

static struct nlattr *name_service(int number) {
    uint16_t inet = AF_INET, tcp = IPPROTO_TCP, port = htons(80);
    uint32_t address = htonl(0x0a010000 + number);
    struct nlattr *nest = put(IPVS_CMD_ATTR_SERVICE, NULL, 0);
    put(IPVS_SVC_ATTR_AF, &inet, 2);
    put(IPVS_SVC_ATTR_PROTOCOL, &tcp, 2);
    put(IPVS_SVC_ATTR_ADDR, &address, 4);
    put(IPVS_SVC_ATTR_PORT, &port, 2);
    return nest;
}

int main(int argc, char **argv) {
    if (argc != 4)
        return fprintf(stderr, "usage: batch SCHEDULER MESSAGES SERVICES\n"), 1;
    int services = atoi(argv[3]);
    uint32_t zero = 0, one = 1, mask = 0xffffffff, masq = IP_VS_CONN_F_MASQ;
    struct ip_vs_flags flags = {0, ~0u};
    struct timespec start, stop;
    limit = atoi(argv[2]);
    fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
    uint16_t ipvs = family();
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int number = 0; number < services; number++) {
        struct nlmsghdr *header = begin(ipvs, IPVS_CMD_NEW_SERVICE, 0);
        struct nlattr *nest = name_service(number);
        put(IPVS_SVC_ATTR_SCHED_NAME, argv[1], strlen(argv[1]) + 1);
        put(IPVS_SVC_ATTR_FLAGS, &flags, sizeof flags);
        put(IPVS_SVC_ATTR_TIMEOUT, &zero, 4);
        put(IPVS_SVC_ATTR_NETMASK, &mask, 4);
        close_nest(nest);
        end(header);
        for (int server = 0; server < 10; server++) {
            uint32_t address = htonl(0x0a020000 + number);
            uint16_t port = htons(8000 + server);
            header = begin(ipvs, IPVS_CMD_NEW_DEST, 0);
            close_nest(name_service(number));
            nest = put(IPVS_CMD_ATTR_DEST, NULL, 0);
            put(IPVS_DEST_ATTR_ADDR, &address, 4);
            put(IPVS_DEST_ATTR_PORT, &port, 2);
            put(IPVS_DEST_ATTR_FWD_METHOD, &masq, 4);
            put(IPVS_DEST_ATTR_WEIGHT, &one, 4);
            put(IPVS_DEST_ATTR_U_THRESH, &zero, 4);
            put(IPVS_DEST_ATTR_L_THRESH, &zero, 4);
            close_nest(nest);
            end(header);
        }
    }
    if (in_datagram) {
        /* A last message that changes nothing, to have an acknowledgement. */
        struct nlmsghdr *header = begin(ipvs, IPVS_CMD_GET_INFO, NLM_F_ACK);
        limit = in_datagram + 1;
        end(header);
    }
    clock_gettime(CLOCK_MONOTONIC, &stop);
    printf("took fill %f\n", stop.tv_sec - start.tv_sec + (stop.tv_nsec - start.tv_nsec) / 1e9);
    return 0;
}
