| Start of the program: vectors, header, the first instructions, and arithmetic that the compiler calls for.

        .section .vectors,"a"
        .long   0x01000000              | stack: from the end of the memory downwards
        .long   start
        .rept   23                      | 2 to 24: what the processor raises when a program is wrong
        .long   fault
        .endr
        .long   ignore, ignore, ignore  | 25 to 27
        .long   ignore                  | 28: a line has been drawn (only ends a `stop`)
        .long   ignore
        .long   ignore                  | 30: the picture has been drawn (only ends a `stop`)
        .long   ignore
        .rept   32
        .long   fault
        .endr

| The header of 256 bytes. The packer writes the checksum and the end of the ROM.
        .ascii  "SEGA MEGA DRIVE "
        .ascii  "(C)NGP  2025.NOV"
        .ascii  "TUMBLEWEED                                      "
        .ascii  "TUMBLEWEED                                      "
        .ascii  "GM TUMBLEW-00 "
        .word   0                       | checksum
        .ascii  "J               "
        .long   0x00000000, 0x0003FFFF
        .long   0x00FF0000, 0x00FFFFFF
        .space  64, ' '
        .ascii  "JUE             "

        .text
        .globl  start
start:  move.w  #0x2700, %sr
        move.b  0xA10001, %d0           | later consoles want to be greeted
        andi.b  #0x0F, %d0
        beq.s   1f
        move.l  #0x53454741, 0xA14000   | "SEGA"
1:      tst.w   0xC00004
        move.w  #0x0100, 0xA11100       | take the bus from the second processor, which is not used
        move.w  #0x0100, 0xA11200
        move.b  #0x9F, 0xC00011         | silence
        move.b  #0xBF, 0xC00011
        move.b  #0xDF, 0xC00011
        move.b  #0xFF, 0xC00011
        moveq   #0, %d0
        lea     0xFF0000, %a0
        move.w  #0x3FFF, %d1
2:      move.l  %d0, (%a0)+
        dbra    %d1, 2b
        lea     data_source, %a0
        lea     data_start, %a1
        lea     data_end, %a2
3:      cmpa.l  %a2, %a1
        bcc.s   4f
        move.w  (%a0)+, (%a1)+
        bra.s   3b
4:      lea     0x01000000, %sp
        jsr     main
5:      bra.s   5b

fault:  move.w  #0x2700, %sr
        move.w  #0xDEAD, V+0x46         | V.fault: a level or a bug stopped the game
6:      bra.s   6b

ignore: rte

| The compiler's own library is for the 68020, so its arithmetic is here: 32 bits in, 32 bits out.
        .globl  __mulsi3, __udivsi3, __umodsi3, __divsi3, __modsi3
__mulsi3:
        move.w  4(%sp), %d0
        mulu.w  10(%sp), %d0
        move.w  6(%sp), %d1
        mulu.w  8(%sp), %d1
        add.w   %d1, %d0
        swap    %d0
        clr.w   %d0
        move.w  6(%sp), %d1
        mulu.w  10(%sp), %d1
        add.l   %d1, %d0
        rts

| d0 / d1: quotient in d0, remainder in d1, bit by bit.
divide: movem.l %d2-%d3, -(%sp)
        move.l  %d1, %d2
        moveq   #0, %d1
        moveq   #31, %d3
7:      add.l   %d0, %d0
        addx.l  %d1, %d1
        cmp.l   %d2, %d1
        bcs.s   8f
        sub.l   %d2, %d1
        addq.b  #1, %d0
8:      dbra    %d3, 7b
        movem.l (%sp)+, %d2-%d3
        rts

__udivsi3:
        move.l  4(%sp), %d0
        move.l  8(%sp), %d1
        bra.s   divide

__umodsi3:
        move.l  4(%sp), %d0
        move.l  8(%sp), %d1
        bsr.s   divide
        move.l  %d1, %d0
        rts

__divsi3:
        move.l  4(%sp), %d0
        move.l  8(%sp), %d1
        move.l  %d2, -(%sp)
        move.l  %d0, %d2
        eor.l   %d1, %d2                | the quotient's sign
        bsr.s   absolute
        bsr.s   divide
        tst.l   %d2
        bpl.s   9f
        neg.l   %d0
9:      move.l  (%sp)+, %d2
        rts

__modsi3:
        move.l  4(%sp), %d0
        move.l  8(%sp), %d1
        move.l  %d2, -(%sp)
        move.l  %d0, %d2                | the remainder has the numerator's sign
        bsr.s   absolute
        bsr.s   divide
        move.l  %d1, %d0
        tst.l   %d2
        bpl.s   10f
        neg.l   %d0
10:     move.l  (%sp)+, %d2
        rts

absolute:
        tst.l   %d0
        bpl.s   11f
        neg.l   %d0
11:     tst.l   %d1
        bpl.s   12f
        neg.l   %d1
12:     rts

| The compiler calls these for assignments of structs and loops that clear.
        .globl  memset, memcpy
memset: move.l  4(%sp), %a0
        move.b  11(%sp), %d0
        move.l  12(%sp), %d1
        bra.s   14f
13:     move.b  %d0, (%a0)+
        subq.l  #1, %d1
14:     tst.l   %d1
        bne.s   13b
        move.l  4(%sp), %d0
        move.l  %d0, %a0
        rts

memcpy: move.l  4(%sp), %a0
        move.l  8(%sp), %a1
        move.l  12(%sp), %d1
        bra.s   16f
15:     move.b  (%a1)+, (%a0)+
        subq.l  #1, %d1
16:     tst.l   %d1
        bne.s   15b
        move.l  4(%sp), %d0
        move.l  %d0, %a0
        rts
