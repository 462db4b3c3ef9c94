#!/usr/bin/python3
# tools/text_tables.py
# Makes the frozen tables of Unicode and Han data in src/core/*_table.c.
#
# Search keys stand in tables and indexes, so they must never change under a
# user's feet: ICU's own answers do, with each version. The tables are taken
# from ICU once and kept. Needs python3-icu (Debian); the tables in the tree
# are those of ICU 72.1, which is Unicode 15.0 and CLDR 42. Run it in the root
# of the tree; --check compares with the files that stand there.
import sys

import icu

VERSION = 'Unicode %s, ICU %s' % (icu.UNICODE_VERSION, icu.ICU_VERSION)
LAST = 0x110000

HEADER = '''/*
 * src/core/%(name)s
 *
 * %(purpose)s
 *
 * Made by tools/text_tables.py from %(version)s; do not edit.
 * Copyright (c) 1991-2022 Unicode, Inc. All rights reserved. Distributed under
 * the Unicode licence, https://www.unicode.org/license.txt.
 */
#include "core/%(header)s"
'''

# How a surname is read where that differs from the usual reading of the
# character; several readings where families differ. From dictionaries of
# surnames; Traditional forms are simplified before they are looked up.
SURNAMES = '''
单 shan; 区 ou; 仇 qiu; 解 xie; 查 zha; 朴 piao; 翟 zhai; 曾 zeng; 盖 ge gai; 乐 yue le; 员 yun;
洗 xian; 召 shao; 种 chong; 繁 po; 缪 miao; 折 she; 黑 he; 祭 zhai; 任 ren; 葛 ge; 覃 qin tan; 宁 ning;
华 hua; 燕 yan; 过 guo; 纪 ji; 佴 nai; 隗 kui wei; 逄 pang; 晁 chao; 秘 bi; 谌 chen shen; 郗 xi chi;
郇 xun huan; 费 fei bi; 牟 mu mou; 柏 bai bo; 薄 bo; 适 kuo; 不 fou; 句 gou; 尉 wei yu; 乜 nie; 仉 zhang;
亓 qi; 相 xiang; 行 xing hang; 强 qiang; 曲 qu; 重 chong; 车 che; 那 na; 阚 kan; 能 nai; 粘 nian; 宿 su;
藏 zang; 哈 ha; 都 du; 沈 shen; 石 shi; 贾 jia; 俞 yu; 余 yu; 于 yu; 夏 xia; 殷 yin; 应 ying; 令 ling;
长 zhang chang; 叶 ye; 么 yao; 幺 yao; 冼 xian; 撒 sa; 卜 bu; 娄 lou; 褚 chu; 臧 zang; 郝 hao; 卡 qia;
尹 yin; 呙 guo; 莘 xin shen; 郄 qie xi; 隽 juan jun; 訾 zi; 眭 sui; 洗 xian; 戴 dai; 车 che; 阿 a; 庹 tuo;
筰 ze; 兴 xing; 教 jiao; 扎 zha; 盛 sheng; 石 shi; 称 cheng; 陆 lu; 六 lu; 万 wan; 嫪 lao; 樊 fan; 逯 lu;
尉迟 yu-chi; 单于 chan-yu; 万俟 mo-qi; 长孙 zhang-sun; 令狐 ling-hu; 澹台 tan-tai; 夏侯 xia-hou;
皇甫 huang-fu; 鲜于 xian-yu; 濮阳 pu-yang; 谷梁 gu-liang; 宰父 zai-fu; 夹谷 jia-gu; 乐正 yue-zheng;
亓官 qi-guan; 颛孙 zhuan-sun; 拓跋 tuo-ba; 钟离 zhong-li; 呼延 hu-yan; 欧阳 ou-yang; 司马 si-ma;
上官 shang-guan; 诸葛 zhu-ge; 东方 dong-fang; 赫连 he-lian; 尉缭 wei-liao; 公孙 gong-sun; 慕容 mu-rong;
司徒 si-tu; 司空 si-kong; 宇文 yu-wen; 端木 duan-mu; 百里 bai-li; 南宫 nan-gong; 独孤 du-gu; 轩辕 xuan-yuan;
闾丘 lü-qiu; 壤驷 rang-si; 公冶 gong-ye; 太叔 tai-shu; 申屠 shen-tu; 仲孙 zhong-sun; 巫马 wu-ma; 完颜 wan-yan
'''

# Usual readings that ICU takes from rare uses.
READINGS = {'覃': 'tan', '俟': 'si', '佴': 'nai', '隗': 'wei', '缪': 'miao', '祭': 'ji', '呙': 'guo', '朴': 'pu', '晟': 'sheng', '嗯': 'en', '呣': 'm', '欸': 'ai', '诶': 'ei'}

# Forms of one character in names that Unicode does not fold: registries have
# them, keyboards do not.
VARIANTS = {'\U00020bb7': '吉', '髙': '高', '﨑': '崎', '嵜': '崎', '濵': '滨', '邉': '边', '邊': '边', '徳': '德', '冨': '富', '眞': '真', '淸': '清', '靑': '青', '強': '强', '産': '产', '黒': '黑', '沢': '泽', '広': '广', '桜': '樱', '関': '关', '斎': '斋', '斉': '齐', '辺': '边', '浜': '滨', '沖': '冲', '恵': '惠', '竜': '龙', '亀': '龟', '栄': '荣', '実': '实', '桝': '枡', '峯': '峰'}


def hexes(values, width, per_line):
    lines = []
    for i in range(0, len(values), per_line):
        lines.append('\t' + ', '.join('0x%0*x' % (width, v) for v in values[i:i + per_line]) + ',')
    return '\n'.join(lines) + '\n'


def array(kind, name, values, width, per_line=12):
    return '\nconst %s\t%s[%d] = {\n%s};\n' % (kind, name, len(values), hexes(values, width, per_line))


def two_stage(values, first, shift):
    """index of blocks and the blocks, equal ones shared; values is a list from code point first"""
    size = 1 << shift
    values = values + [0] * (-len(values) % size)
    blocks, index, seen = [], [], {}
    for i in range(0, len(values), size):
        block = tuple(values[i:i + size])
        if block not in seen:
            seen[block] = len(blocks)
            blocks.append(block)
        index.append(seen[block])
    return index, [v for b in blocks for v in b]


def scalar(cp):
    return not 0xD800 <= cp <= 0xDFFF


def fold_table():
    nfkc_cf = icu.Normalizer2.getInstance(None, 'nfkc_cf', icu.UNormalizationMode2.COMPOSE)
    nfc = icu.Normalizer2.getNFCInstance()
    nfd = icu.Normalizer2.getNFDInstance()
    pool, places, values = [], {}, []
    for cp in range(0x323B0):
        value = 0
        if scalar(cp):
            c = chr(cp)
            mapped = nfkc_cf.normalize(c)
            # only what the fold itself changes: a composition that the form does not have is undone below
            if mapped != c:
                if mapped == '':
                    value = 0xFFFF
                else:
                    if mapped not in places:
                        places[mapped] = len(pool)
                        pool.append(len(mapped))
                        pool.extend(ord(x) for x in mapped)
                    value = places[mapped] + 1
                    assert value < 0xFFFF
        values.append(value)
    # above there are only characters that are left out: variation selectors and tags
    dropped = [cp for cp in range(0x323B0, LAST) if scalar(cp) and nfkc_cf.normalize(chr(cp)) != chr(cp)]
    assert all(nfkc_cf.normalize(chr(cp)) == '' for cp in dropped) and dropped[0] == 0xE0000 and dropped[-1] == 0xE0FFF and len(dropped) == 0x1000, (hex(dropped[0]), hex(dropped[-1]), len(dropped))
    index, blocks = two_stage(values, 0, 5)

    decompositions, pairs, classes = [], [], []
    decomposed = []
    for cp in range(LAST):
        if not scalar(cp) or 0xAC00 <= cp <= 0xD7A3:
            continue
        ccc = icu.Char.getCombiningClass(chr(cp))
        if ccc:
            if classes and classes[-1][1] == cp - 1 and classes[-1][2] == ccc:
                classes[-1][1] = cp
            else:
                classes.append([cp, cp, ccc])
        full = nfd.normalize(chr(cp))
        if full != chr(cp):
            decomposed.append((cp, len(decompositions), len(full)))
            decompositions.extend(ord(x) for x in full)
            # a composition is of what all but the last compose to, and the last
            head = nfc.normalize(full[:-1])
            if len(full) > 1 and len(head) == 1 and nfc.normalize(head + full[-1]) == chr(cp):
                pairs.append((ord(head), ord(full[-1]), cp))
    pairs.sort()

    out = HEADER % {'name': 'fold_table.c', 'header': 'fold_table.h', 'version': VERSION,
                    'purpose': 'NFKC case folding of single characters, and what canonical composition needs.'}
    out += array('uint16_t', 'crm_fold_index', index, 3)
    out += array('uint16_t', 'crm_fold_place', blocks, 4)
    out += array('uint32_t', 'crm_fold_pool', pool, 5)
    out += '\nconst CrmDecomposition crm_decompositions[%d] = {\n' % len(decomposed)
    for i in range(0, len(decomposed), 4):
        out += '\t' + ' '.join('{0x%05x, %d, %d},' % d for d in decomposed[i:i + 4]) + '\n'
    out += '};\n' + array('uint32_t', 'crm_decomposition_pool', decompositions, 5)
    out += '\nconst CrmComposition crm_compositions[%d] = {\n' % len(pairs)
    for i in range(0, len(pairs), 4):
        out += '\t' + ' '.join('{0x%05x, 0x%05x, 0x%05x},' % p for p in pairs[i:i + 4]) + '\n'
    out += '};\n\nconst CrmCombining crm_combining[%d] = {\n' % len(classes)
    for i in range(0, len(classes), 5):
        out += '\t' + ' '.join('{0x%05x, 0x%05x, %d},' % tuple(c) for c in classes[i:i + 5]) + '\n'
    out += '};\n'
    sizes = {'CRM_FOLD_BLOCKS': len(index), 'CRM_FOLD_PLACES': len(blocks), 'CRM_FOLD_POOL': len(pool),
             'CRM_DECOMPOSITIONS': len(decomposed), 'CRM_DECOMPOSITION_POOL': len(decompositions),
             'CRM_COMPOSITIONS': len(pairs), 'CRM_COMBINING': len(classes)}
    return out, sizes


def plain(text):
    nfd = icu.Normalizer2.getNFDInstance().normalize(text)
    return ''.join(c for c in nfd if 'a' <= c <= 'z')


def han_table():
    to_latin = icu.Transliterator.createInstance('Han-Latin')
    to_simple = icu.Transliterator.createInstance('Traditional-Simplified')
    han = list(range(0x3400, 0x4DC0)) + list(range(0x4E00, 0xA000)) + list(range(0x20000, 0x323B0))
    reading = {}
    for cp in [0x3007] + han:
        c = chr(cp)
        latin = to_latin.transliterate(c)
        if latin != c:
            got = plain(latin.lower().split(' ')[0])
            if got:
                reading[cp] = got
    for c, r in READINGS.items():
        reading[ord(c)] = r
    simple, final = {}, {}
    for cp in han:
        s = to_simple.transliterate(chr(cp))
        if s != chr(cp):
            assert len(s) == 1
            simple[cp] = ord(s)
    simple.update({ord(v): ord(c) for v, c in VARIANTS.items() if v != c})
    # a simplified form is simplified no further, so that folding twice changes nothing
    for cp in sorted(simple):
        seen, end = [cp], simple[cp]
        while end in simple and end not in seen:
            seen.append(end)
            end = simple[end]
        # in a ring of forms the lowest stands for all
        if end in seen:
            end = min(seen[seen.index(end):])
        final[cp] = end
    simple = {cp: s for cp, s in final.items() if s != cp}
    # a character without a reading of its own is read as its simplified form, and the other way round
    for t, s in simple.items():
        if s not in reading and t in reading:
            reading[s] = reading[t]
    surnames = []
    for entry in SURNAMES.replace('\n', ' ').split(';'):
        word, *readings = entry.split()
        for r in readings:
            syllables = [plain(x) for x in r.split('-')]
            assert len(syllables) == len(word) <= 2, entry
            key = ([ord(x) for x in word] + [0])[:2]
            usual = [reading[ord(x)] for x in word]
            row = (key, syllables)
            if row not in surnames and (syllables != usual or len(readings) > 1):
                surnames.append(row)
    syllables = sorted(set(reading.values()) | {s for _, r in surnames for s in r})
    number = {s: i + 1 for i, s in enumerate(syllables)}
    first, size = 0x3400, 0x323B0 - 0x3400
    values = [number.get(reading.get(cp), 0) for cp in range(first, first + size)]
    index, blocks = two_stage(values, first, 5)
    surnames.sort(key=lambda s: s[0])

    out = HEADER % {'name': 'han_table.c', 'header': 'han_table.h', 'version': VERSION,
                    'purpose': 'Han characters: the usual reading, the simplified form, readings of surnames.'}
    out += '\nconst char\tcrm_syllables[%d][%d] = {\n\t"",\n' % (len(syllables) + 1, max(map(len, syllables)) + 1)
    for i in range(0, len(syllables), 12):
        out += '\t' + ', '.join('"%s"' % s for s in syllables[i:i + 12]) + ',\n'
    out += '};\n' + array('uint16_t', 'crm_reading_index', index, 3) + array('uint16_t', 'crm_reading', blocks, 3, 16)
    pairs = sorted(simple.items())
    out += '\nconst CrmSimplified crm_simplified[%d] = {\n' % len(pairs)
    for i in range(0, len(pairs), 6):
        out += '\t' + ' '.join('{0x%05x, 0x%05x},' % p for p in pairs[i:i + 6]) + '\n'
    out += '};\n\nconst CrmSurname crm_surnames[%d] = {\n' % len(surnames)
    for key, syl in surnames:
        out += '\t{{0x%05x, 0x%05x}, {%s}},\t/* %s */\n' % (
            key[0], key[1], ', '.join(str(number[s]) for s in (syl + [None])[:2] if s) + (', 0' if len(syl) == 1 else ''), ' '.join(syl))
    out += '};\n'
    sizes = {'CRM_SYLLABLES': len(syllables), 'CRM_SYLLABLE_SIZE': max(map(len, syllables)) + 1,
             'CRM_READING_BLOCKS': len(index), 'CRM_READINGS': len(blocks), 'CRM_SIMPLIFIED': len(pairs), 'CRM_SURNAMES': len(surnames)}
    return out, sizes


def grapheme_table():
    gcb = icu.UProperty.GRAPHEME_CLUSTER_BREAK
    pict = icu.UProperty.EXTENDED_PICTOGRAPHIC
    names = {'CONTROL': 1, 'CR': 2, 'LF': 3, 'EXTEND': 4, 'PREPEND': 5, 'SPACING_MARK': 6, 'L': 7, 'V': 8, 'T': 9,
             'REGIONAL_INDICATOR': 12, 'ZWJ': 13}
    # ICU's numbers of the property values, from their names
    value = {}
    for n, ours in names.items():
        value[icu.Char.getPropertyValueEnum(gcb, {'EXTEND': 'Extend', 'PREPEND': 'Prepend', 'SPACING_MARK': 'SpacingMark', 'CONTROL': 'Control',
                                                  'REGIONAL_INDICATOR': 'Regional_Indicator'}.get(n, n))] = ours
    ranges = []
    for cp in range(LAST):
        if 0xAC00 <= cp <= 0xD7A3:
            continue
        v = value.get(icu.Char.getIntPropertyValue(cp, gcb), 0)
        if v == 0 and icu.Char.hasBinaryProperty(cp, pict):
            v = 14
        if v == 0:
            continue
        if ranges and ranges[-1][1] == cp - 1 and ranges[-1][2] == v:
            ranges[-1][1] = cp
        else:
            ranges.append([cp, cp, v])
    out = HEADER % {'name': 'grapheme_table.c', 'header': 'grapheme_table.h', 'version': VERSION,
                    'purpose': 'Grapheme cluster break classes of all characters but Hangul syllables and those of class Other.'}
    out += '\nconst CrmClusterRange crm_cluster_ranges[%d] = {\n' % len(ranges)
    for i in range(0, len(ranges), 5):
        out += '\t' + ' '.join('{0x%05x, 0x%05x, %d},' % tuple(r) for r in ranges[i:i + 5]) + '\n'
    out += '};\n'
    return out, {'CRM_CLUSTER_RANGES': len(ranges)}


def main():
    check = sys.argv[1:] == ['--check']
    bad = False
    for name, make in (('fold_table', fold_table), ('han_table', han_table), ('grapheme_table', grapheme_table)):
        out, sizes = make()
        path = 'src/core/%s.c' % name
        if check:
            same = open(path).read() == out
            bad |= not same
            print('%s: %s' % (path, 'as made' if same else 'differs'))
        else:
            with open(path, 'w') as f:
                f.write(out)
            print(path, sizes)
    sys.exit(bad)


main()
