p='src/fold/row-state.ts'
s=open(p).read()
s=s.replace("""    this.#mask = 4095;
  }
""","""    this.#mask = 4095;
    if (spare !== null && spare.stride === stride && process.env['HACK']) {
      const o = spare as any; spare = null;
      this.numbers = o.numbers; this.keyIds = o.keyIds; this.#changed = o.changed; this.#changedSlots = o.changedSlots; this.#table = o.table; this.#mask = o.mask;
      this.#table.fill(EMPTY); this.#changed.fill(0);
    }
  }
""",1)
s=s.replace("""    this.count = 0;
    this.changedCount = 0;
  }
""","""    this.count = 0;
    this.changedCount = 0;
    spare = { stride: this.stride, numbers: this.numbers, keyIds: this.keyIds, changed: this.#changed, changedSlots: this.#changedSlots, table: this.#table, mask: this.#mask };
  }
""",1)
s+="\nlet spare: any = null;\n"
open(p,'w').write(s)
