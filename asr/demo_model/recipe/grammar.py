"""The closed vocabulary of the demo model and the sentences it expects: slots, templates, and the demo's dialogues.

Words stand apart by spaces. Whoever adds words rebuilds the graph (`make_model.sh graph`); the acoustic model knows
phones, not words, and stays as it is as long as no new phone appears.
"""

import pathlib
import random

import yaml

CONFIGS = pathlib.Path(__file__).resolve().parents[3] / "configs"
DIALOGUES = CONFIGS / "demo" / "dialogues.yaml"
EVALUATION = CONFIGS / "evaluation" / "calls.yaml"  # what training never sees: only the words are taken from it
DISTRICT = CONFIGS / "grid" / "district.yaml"

SLOTS = {
    "TOPIC": "停车 物业 漏水 供暖 噪音 垃圾 违法建设 施工 路灯 井盖 社保 占道经营 违章停车 乱停车 私搭乱建 油烟 下水道 停水 停电 停气 电梯 绿化 积水 广告牌 共享单车 充电桩 加装电梯 老旧小区 拆迁 医保 养老 低保 公租房 户口 居住证 公交 路面 树木 消防通道 环境卫生 宠物 扰民 暖气 房屋 燃气 供水 用电 污水 扬尘 健身器材 厕所 流浪狗 小广告",
    "STREET": "前门街道 建国门街道 东花市街道 崇文门外街道 天坛街道 龙潭街道 永定门外街道 体育馆路街道 东直门街道 和平里街道 安定门街道 交道口街道 景山街道 东华门街道 东四街道 朝阳门街道 北新桥街道",
    "PLACE": "小区 胡同 广场 地铁站 公园 学校 医院 市场 路口 大街 社区 居委会 派出所 停车场 饭店 工地 楼道 门口 马路 便道",
    "ROAD": "东单大街 王府井大街 珠市口东大街 广渠门内大街 幸福大街 南锣鼓巷 崇文门外大街 鼓楼东大街 安定门内大街 白桥大街 光明路 体育馆路 法华寺街 金鱼池中区 史家胡同 国子监街 夕照寺街 兴化路 西总布胡同 黄化门街 草厂三条 新中街",
    "DIGIT": "零 一 二 三 四 五 六 七 八 九 幺",
    "D19": "一 二 三 四 五 六 七 八 九",
    "MONTH": "一月 二月 三月 四月 五月 六月 七月 八月 九月 十月 十一月 十二月",
    "DAY": "一号 二号 三号 四号 五号 六号 七号 八号 九号 十号 十一号 十二号 十三号 十四号 十五号 十六号 十七号 十八号 十九号 二十号 二十一号 二十二号 二十三号 二十四号 二十五号 二十六号 二十七号 二十八号 二十九号 三十号 三十一号",
    "NUM": "一 两 三 四 五 六 七 八 九 十 二十 三十 五十 一百",
    "NAMES": "王 李 张 刘 陈 杨 赵 黄 周 吴 徐 孙 马 朱 胡 林 郭 何 高 罗",
    "TITLE": "先生 女士",
    "WHEN": "今天 昨天 明天 前天 上午 下午 晚上 早上 夜里 中午 周末 上周 这周 最近 刚才 现在 一直",
    "DEPT": "城管 街道办 物业公司 居委会 派出所 交管局 住建委 环卫 房管所 热力公司 自来水公司 燃气公司 市政 社区 有关部门 相关部门 承办单位",
    "BAN": "不知道 不清楚 不归我管 没办法 管不了 不可能 随便 你去找别人 别问我 爱打不打 我不管 没时间 你急什么 不是跟你说了吗 有完没完 跟我没关系 自己想办法 打错了 听不懂 别废话 不归我们管 不是跟你说过了吗 你问我 我问谁 你问我我问谁 我怎么知道 我哪知道 你自己看着办 爱信不信 你想怎么样 你喊什么 你听不懂吗 随你便 投诉也没用 没人管 不是我的事 我们管不了 办不了 解决不了 急也没用 等着吧 烦不烦 闭嘴 说了多少遍了 别打了 我也没办法 这是规定 快点说 有事快说 你去投诉吧 爱找谁找谁 神经病",
    "RUDE": "你急什么 不是跟你说了吗 不是跟你说过了吗 你问我我问谁 我怎么知道 我哪知道 有完没完 你喊什么 你听不懂吗 闭嘴 说了多少遍了 快点说 烦不烦 别废话 爱信不信",
    "EMO": "着急 生气 满意 不满意 麻烦 严重 危险 影响 气愤 失望 难受 害怕 担心",
    "HOTEMPER": "太 不 像话 了|气死 我 了|受不了 了|我 要 投诉 你们|我 要 找 你们 领导|我 要 曝光|我 要 找 记者|我 要 去 上访|没 完 没 了|欺负 老百姓|骗人|不 负责任|推 来 推 去|踢皮球|混蛋|王八蛋|滚|废物|忍无可忍|打 了 好几 次 了|催 了 好几 遍",
    "PROMISE": "今天|明天|后天|两 小时 内|二十四 小时 内|三 个 工作日 内|五 个 工作日 内|十五 个 工作日 内|七 天 内|一 周 内|月底 之前|下周 一|半 小时 内|当天|马上|立刻",
    "PRAISE": "态度 很 好|服务 很 周到|处理 得 很 快|非常 负责|特别 耐心|办事 效率 高|热情 周到|帮 了 大忙|值得 表扬|真 不错|解决 得 很 好",
    "WHO": "话务员 工作人员 师傅 网格员 社区 书记 民警 保安 同志 大姐 小伙子 姑娘",
    "KIND": "咨询 建议 投诉 举报 求助 表扬",
}

TEMPLATES = (pathlib.Path(__file__).parent / "sentences.txt").read_text(encoding="utf-8").splitlines()

# One character for nearly every syllable of Mandarin: spoken in random order they teach the acoustic model all phones in
# all neighbourhoods, so that a word added later needs no training.
CHARACTERS = (
    "阿爱安昂傲八白班帮包杯本崩比边表别宾冰波布擦猜参苍草策岑层插柴产长超车陈成吃冲抽出吹春绰此从凑粗村错搭代单当刀得等低点"
    "掉叠丁丢东斗读端对顿多额恩儿发反方飞分风佛否夫嘎该干刚高个给根更工够古瓜怪关光归滚国哈海汗行好喝黑很横红后湖花怀欢黄灰婚火"
    "鸡家间江交街今京九居卷决军卡开看康考课肯坑空口哭夸快宽狂亏困扩拉来蓝浪老乐雷冷里俩连凉料列林零刘龙楼路乱论落旅略妈买慢忙猫"
    "么没门梦米面秒灭民明谬末某木那奶男囊脑呢内嫩能你年娘鸟捏您宁牛弄怒暖挪女虐欧趴拍盘旁跑陪盆朋皮片票撇品平坡剖扑七掐前墙桥切"
    "亲青穷秋区全缺群然让绕热人仍日容肉如软瑞润若撒赛三桑扫色森僧沙晒山商少社谁身生是收书刷帅栓双水顺说四送搜苏算岁孙锁他台谈糖"
    "桃特疼提天条贴听通头土团推吞托挖外完王为文翁我五西下先想小些新星兄休需选学讯压烟阳要也一音英用有鱼元月云杂在赞脏早则贼怎增"
    "扎宅站张找这真正知中周主抓拽专装追准桌字总走租钻嘴尊做"
)

def _dialogue_lines():
    document = yaml.safe_load(DIALOGUES.read_text(encoding="utf-8"))
    lines = [turn["say"] for turn in document["seat_track"]]
    lines += [turn["say"] for dialogue in document["dialogues"] for turn in dialogue["turns"]]
    return sorted(set(lines))


def _held_out():
    calls = yaml.safe_load(EVALUATION.read_text(encoding="utf-8"))
    frames = [frame.replace("{}", "") for frame in calls["planted_in"]]
    return [*calls["forbidden"], *frames, *calls["openings"], *calls["closings"], *calls["seat"], *calls["caller"]]


def _communities():
    document = yaml.safe_load(DISTRICT.read_text(encoding="utf-8"))
    return [community["name"] for street in document["streets"] for community in street["communities"]]


def _choices(text):
    """The choices of a slot: words, or phrases where a stroke stands between them."""
    return [phrase.strip() for phrase in text.split("|")] if "|" in text else text.split()


SLOTS = {name: _choices(text) for name, text in SLOTS.items()}
SLOTS["COMMUNITY"] = _communities()
HELD_OUT = _held_out()
SENTENCES = TEMPLATES + _dialogue_lines()


def _is_slot(word):
    return word.startswith("{")


VOCABULARY = sorted(
    {word for line in SENTENCES + HELD_OUT for word in line.split() if not _is_slot(word)}
    | {word for phrases in SLOTS.values() for phrase in phrases for word in phrase.split()}
)


def fill(template, rng):
    """The template's words, each slot replaced by one of its words."""
    filled = (rng.choice(SLOTS[word[1:-1]]) if _is_slot(word) else word for word in template.split())
    return [word for phrase in filled for word in phrase.split()]


def sample(rng):
    """One or two sentences in a row, as a list of words."""
    sentences = 1 if rng.random() < 0.6 else 2
    return [word for _ in range(sentences) for word in fill(rng.choice(SENTENCES), rng)]


if __name__ == "__main__":
    print(len(VOCABULARY), "words,", len(SENTENCES), "sentences")
    for _ in range(8):
        print(" ".join(sample(random.Random())))
